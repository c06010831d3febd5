import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline/promises";
import { BackupError, systemCodeOf } from "../../errors.ts";
import { formatNoun } from "../../shared/format.ts";
import { NotConfirmedError, parseOptions, UsageError } from "../usage.ts";
import type { Question } from "./choices.ts";
import { diffLines, isSameText } from "./diff.ts";
import { DEFAULT_MOUNT, type InitPlan, type PlannedFile, planInit } from "./plan.ts";

const NOTHING = "Nothing was written.";

/** `init`: mounts the add-on into the app in the current folder. Never changes an existing file. */
export async function init(args: string[], signal: AbortSignal): Promise<void> {
  const options = parseOptions(args, {
    mount: { type: "string", default: DEFAULT_MOUNT },
    client: { type: "string" },
    auth: { type: "string" },
    yes: { type: "boolean" },
    "dry-run": { type: "boolean" },
  });
  const root = process.cwd();
  const asks = isTerminal() && !options.yes && !options["dry-run"];
  const plan = await planInit(root, checkMount(options.mount), {
    client: options.client,
    auth: options.auth,
    ...(asks ? { ask: (question, take) => ask(question, take, signal) } : {}),
  });
  const missing = plan.files.filter(({ present }) => present === null);
  process.stdout.write(describe(plan));

  if (options["dry-run"]) {
    process.stdout.write(`\nNothing was written: --dry-run.\n`);
    return;
  }
  if (missing.length > 0) {
    if (!options.yes) await confirm(missing, signal);
    for (const { name, text } of missing) await create(path.join(root, name), text);
    process.stdout.write(`\nWritten: ${formatNoun(missing.length, "file")}.\n`);
  } else process.stdout.write("\nThere is nothing to write.\n");
  const steps = plan.next.map((step, index) => `  ${index + 1}. ${step}\n`);
  process.stdout.write(`\nWhat to do next:\n${steps.join("")}`);
}

/** @throws UsageError */
function checkMount(given: string): string {
  const mount = given.replace(/\/+$/, "");
  if (/^(?:\/[\w.~-]+)+$/.test(mount) && !/\/\.{1,2}(?:\/|$)/.test(mount)) return mount;
  throw new UsageError(`--mount is a path such as ${DEFAULT_MOUNT}.`);
}

function describe({ facts, files }: InitPlan): string {
  const width = Math.max(...facts.map(([label]) => label.length));
  const lines = facts.map(([label, text]) => `${label.padEnd(width)}  ${text}`);
  for (const { name, text, present } of files) {
    lines.push("");
    if (present === null) lines.push(`new file: ${name}`, ...diffLines(null, text));
    else if (isSameText(present.text, text)) lines.push(`already there: ${present.name}`);
    else {
      lines.push(
        `left as it is: ${present.name}, which differs (-) from what would be written (+)`,
        ...diffLines(present.text, text),
      );
    }
  }
  return `${lines.join("\n")}\n`;
}

const isTerminal = (): boolean => process.stdin.isTTY && process.stdout.isTTY;

/** @throws NotConfirmedError */
async function confirm(missing: readonly PlannedFile[], signal: AbortSignal): Promise<void> {
  const what = missing.length === 1 ? "this file" : `these ${missing.length} files`;
  if (!isTerminal()) {
    throw new NotConfirmedError(`Nothing was written. Give --yes to write ${what}.`);
  }
  const answer = await prompt(`\nWrite ${what}? [y/N] `, signal);
  if (!/^y(?:es)?$/i.test(answer)) throw new NotConfirmedError(NOTHING);
}

/** Repeats the question if the answer is invalid. @throws NotConfirmedError */
async function ask<T>(
  { title, options, help }: Question,
  take: (answer: string) => Promise<T>,
  signal: AbortSignal,
): Promise<T> {
  const [first] = options;
  const lines = options.map(([, label], index) => `  ${index + 1}. ${label}\n`);
  process.stdout.write(`${title}:\n${lines.join("")}  Or ${help}.\n`);
  for (;;) {
    const answer = await prompt(`${title} [${first ? "1" : "to be filled in"}]: `, signal);
    try {
      return await take(options[Number(answer) - 1]?.[0] ?? answer);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      process.stdout.write(`${error.message}\n`);
    }
  }
}

/** Ctrl-C and Ctrl-D count as a no. @throws NotConfirmedError */
async function prompt(question: string, signal: AbortSignal): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  try {
    return (await terminal.question(question, { signal })).trim();
  } catch (error) {
    if (error instanceof Error && error.name === "AbortError") throw new NotConfirmedError(NOTHING);
    throw error;
  } finally {
    terminal.close();
  }
}

async function create(file: string, text: string): Promise<void> {
  try {
    await mkdir(path.dirname(file), { recursive: true });
    // Do not overwrite a file that was created in the meantime.
    await writeFile(file, text, { flag: "wx" });
  } catch (cause) {
    throw new BackupError("CONFIG_INVALID", `${file} cannot be written (${systemCodeOf(cause)}).`, {
      hint: "Run the command again once it can be: what is written already stays.",
      cause,
    });
  }
}
