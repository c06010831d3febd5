import { setFlagsFromString } from "node:v8";
import { BackupError } from "../errors.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import { formatFor } from "../shared/format.ts";
import { leaveOutIn } from "../shared/leave-out.ts";
import { toBackupError } from "../to-backup-error.ts";
import { TOOL } from "../version.ts";
import { ownCommands } from "./host/package-manager.ts";
import { remedyLines } from "./remedy-lines.ts";
import { NotConfirmedError, USAGE, UsageError, usageOf } from "./usage.ts";
import { visible } from "./visible.ts";

// Rows only pass through this process. By default, V8 gradually enlarges the space for new objects, which leaves 70 MB
// of them in memory. Old objects, for example the streams of thousands of tables, would take three times the needed
// memory. The Maglev compiler takes 25 MB for those and saves hardly any time.
for (const flag of ["--semi-space-growth-factor=1", "--heap-growing-percent=50", "--no-maglev"])
  setFlagsFromString(flag);

/** Resolves to the exit code if it is a number, else the exit code is 0. */
type Command = (args: string[], signal: AbortSignal) => Promise<unknown>;

/** Loaded on demand, because some commands need large modules that the others do not. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  init: async () => (await import("./init/init.ts")).init,
  doctor: async () => (await import("./doctor/doctor.ts")).doctor,
  create: async () => (await import("./create.ts")).create,
  inspect: async () => (await import("./inspect.ts")).inspect,
  verify: async () => (await import("./verify.ts")).verify,
  restore: async () => (await import("./restore.ts")).restore,
  order: async () => (await import("./order.ts")).order,
};

/** The options of this tool that open a backup. */
const OPTIONS: Partial<Record<ErrorCode, string>> = {
  WRONG_PASSPHRASE: "--passphrase-file FILE names the file that holds it.",
  NO_MATCHING_IDENTITY: "--identity-file FILE names the file with the private key.",
};

const cancelled = () => new BackupError("ABORTED", "Cancelled. Nothing was changed.");

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage or not confirmed */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || args.includes("--help")) {
    process.stdout.write(USAGE);
    return name === undefined ? 2 : 0;
  }
  if (name === "--version") {
    process.stdout.write(`${TOOL.split("/")[1]}\n`);
    return 0;
  }
  // Not every terminal has the spaces of Intl.
  formatFor({ locale: Intl.DateTimeFormat().resolvedOptions().locale, space: " " });
  const stop = new AbortController();
  // The first Ctrl-C stops gracefully. The second one ends the process at once, as without a handler.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop.abort(cancelled()));
  try {
    const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!load) throw new UsageError(`There is no command “${name}”.`);
    const command = await load();
    const result = await command(args, stop.signal);
    return typeof result === "number" ? result : 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${usageOf(name)}`);
      return 2;
    }
    if (error instanceof NotConfirmedError) {
      process.stderr.write(`${error.message}\n`);
      return 2;
    }
    const { code, message, hint, details } = toBackupError(error);
    process.stderr.write(`error[${code}]: ${visible(message)}\n`);
    if (typeof details?.key === "string") process.stderr.write(`row: ${visible(details.key)}\n`);
    const own = await ownCommands(process.cwd());
    for (const line of [...remedyLines(hint, leaveOutIn(details)), OPTIONS[code]])
      if (line) process.stderr.write(`hint: ${visible(own(line))}\n`);
    if (code === "INTERNAL" && process.env.PRISMA_BACKUP_DEBUG) console.error(error);
    return 1;
  }
}

// If the reader of the output has ended (`prisma-backup order | head`), the rest of the output is dropped and the
// command goes on. A restore must not stop only because its output is no longer read.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

process.exitCode = await main(process.argv.slice(2));
