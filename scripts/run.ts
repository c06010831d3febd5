import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const require = createRequire(import.meta.url);

/** Returns the path of an installed package's program, for Node. Without a shell in between, signals reach it. */
export function programOf(packageName: string, program = packageName): string {
  const manifestPath = path.join(ROOT, "node_modules", packageName, "package.json");
  const { bin }: { bin: string | Record<string, string> } = require(manifestPath);
  const file = typeof bin === "string" ? bin : bin[program];
  if (file === undefined) throw new Error(`The package ${packageName} has no program ${program}.`);
  return path.join(path.dirname(manifestPath), file);
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Keeps the output, and shows it only on failure. */
  quiet?: boolean;
  /** Receives the output, instead of this process' own. */
  onOutput?: (chunk: Buffer) => void;
}

/** Runs a Node program until it exits. @returns its exit code, or 1 if a signal ended it. */
export async function runNode(
  args: string[],
  { env, quiet, onOutput }: RunOptions = {},
): Promise<number> {
  const output: Buffer[] = [];
  const take = onOutput ?? (quiet ? (chunk: Buffer) => output.push(chunk) : null);
  const stdio = take ? "pipe" : "inherit";
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { ...process.env, NEXT_TELEMETRY_DISABLED: "1", ...env },
    stdio: ["ignore", stdio, stdio],
  });
  if (take) for (const stream of [child.stdout, child.stderr]) stream?.on("data", take);
  const code = await new Promise<number>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve(code ?? 1));
  });
  if (code !== 0) process.stderr.write(Buffer.concat(output));
  return code;
}
