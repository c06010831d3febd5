import { spawn } from "node:child_process";

export interface RunOptions {
  cwd: string;
  /** Beside this process' own. */
  env?: Record<string, string>;
}

export class CommandError extends Error {
  readonly output: string;
  constructor(command: string, ending: unknown, output: string) {
    super(`${command} ended with ${ending}.\n${output}`);
    this.output = output;
  }
}

/** Runs a program to its end. @returns what it wrote to stdout @throws CommandError with all that it wrote */
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

/** This process' environment without what says that it is a test of this repository. */
export function hostEnvironment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !OF_THIS_TEST.test(name));
  const given = Object.fromEntries(own) as NodeJS.ProcessEnv;
  return { ...given, NEXT_TELEMETRY_DISABLED: "1", NO_COLOR: "1" };
}
