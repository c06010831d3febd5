import { BackupError, toBackupError } from "../errors.ts";
import { create } from "./create.ts";
import { inspect } from "./inspect.ts";
import { order } from "./order.ts";
import { restore } from "./restore.ts";
import { USAGE, UsageError } from "./usage.ts";
import { verify } from "./verify.ts";

const COMMANDS: Record<string, (args: string[], signal: AbortSignal) => Promise<void>> = {
  create,
  inspect,
  verify,
  restore,
  order,
};

const cancelled = () => new BackupError("ABORTED", "Cancelled. Nothing has changed.");

/** @returns the exit code: 0 done, 1 failed, 2 wrong usage */
async function main([name, ...args]: string[]): Promise<number> {
  if (name === undefined || name === "help" || name === "--help" || args.includes("--help")) {
    process.stdout.write(USAGE);
    return name === undefined ? 2 : 0;
  }
  const stop = new AbortController();
  // The first Ctrl-C ends in good order; a second one ends at once, as without a handler.
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => stop.abort(cancelled()));
  try {
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
    if (!command) throw new UsageError(`There is no command “${name}”.`);
    await command(args, stop.signal);
    return 0;
  } catch (error) {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${USAGE}`);
      return 2;
    }
    const { code, message, hint } = toBackupError(error);
    process.stderr.write(`error[${code}]: ${message}\n`);
    if (hint) process.stderr.write(`hint: ${hint}\n`);
    if (code === "INTERNAL" && process.env.PRISMA_BACKUP_DEBUG) console.error(error);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
