import { spawn } from "node:child_process";

export interface RunOptions {
  cwd: string;
  /** In addition to this process' own environment. */
  env?: Record<string, string>;
}

export class CommandError extends Error {
  readonly output: string;
  constructor(command: string, ending: unknown, output: string) {
    super(`${command} ended with ${ending}.\n${output}`);
    this.output = output;
  }
}

/** Runs a program until it exits. @returns what it wrote to stdout @throws CommandError with all of its output */
export async function run(file: string, args: string[], { cwd, env }: RunOptions): Promise<string> {
  const child = spawn(file, args, {
    cwd,
    env: { ...hostEnvironment(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const stdout: Buffer[] = [];
  const all: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => stdout.push(chunk) && all.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => all.push(chunk));
  const ending = await new Promise<number | string | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve(code ?? signal));
  });
  if (ending !== 0) {
    throw new CommandError([file, ...args].join(" "), ending, String(Buffer.concat(all)));
  }
  return String(Buffer.concat(stdout));
}

const OF_THIS_TEST =
  /^(NODE_ENV|DATABASE_URL|DIRECT_URL|FORCE_COLOR|npm_(lifecycle|package|command|config_local_prefix)|PLAYWRIGHT|TEST_)/;

/** Returns this process' environment without the variables of this repository's tests. */
export function hostEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !OF_THIS_TEST.test(name));
  const given = Object.fromEntries(own) as NodeJS.ProcessEnv;
  return { ...given, NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
}
