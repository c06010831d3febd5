import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("..", import.meta.url));

const require = createRequire(import.meta.url);

/**
 * The arguments with which Node runs an installed package's program, such as `next`: no shell, no
 * wrapper, so that signals arrive.
 */
export function programOf(packageName: string, program = packageName): string {
  const manifestPath = path.join(ROOT, "node_modules", packageName, "package.json");
  const { bin }: { bin: string | Record<string, string> } = require(manifestPath);
  const file = typeof bin === "string" ? bin : bin[program];
  if (file === undefined) throw new Error(`The package ${packageName} has no program ${program}.`);
  return path.join(path.dirname(manifestPath), file);
}

export interface RunOptions {
  env?: Record<string, string>;
  /** Keep the output, and show it only on failure. */
  quiet?: boolean;
  /** Takes the output, instead of this process' own. */
  onOutput?: (chunk: Buffer) => void;
}

/** Runs a program of Node to its end. @returns its exit code, 1 for a signal. */
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
