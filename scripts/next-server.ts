import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { programOf, ROOT } from "./run.ts";

export interface NextServerOptions {
  port: number;
  databaseUrl: string;
  nextAuthSecret: string;
  /** More variables for the app's environment. */
  env?: Record<string, string>;
  /** Receives the app's output after its start. Default: written to this process' own output. */
  onOutput?: (chunk: Buffer) => void;
}

export interface NextServer {
  url: string;
  stop(): Promise<void>;
}

const HOST = "127.0.0.1";
const STOP_PATIENCE_MS = 5000;

/** Starts the built app and waits until it answers. @throws Error with the server's output if it exits first */
export async function startNext(options: NextServerOptions): Promise<NextServer> {
  const url = `http://${HOST}:${options.port}`;
  const args = [programOf("next"), "start", "-H", HOST, "-p", String(options.port)];
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: {
      ...process.env,
      NODE_ENV: "production",
      NEXT_TELEMETRY_DISABLED: "1",
      DATABASE_URL: options.databaseUrl,
      NEXTAUTH_SECRET: options.nextAuthSecret,
      NEXTAUTH_URL: url,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const output: Buffer[] = [];
  const keep = (chunk: Buffer) => output.push(chunk);
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);

  for (;;) {
    if (child.exitCode !== null || child.signalCode !== null) {
      throw new Error(`The app did not start.\n${Buffer.concat(output)}`);
    }
    const answers = await fetch(`${url}/sign-in`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) break;
    await sleep(100);
  }
  // The banner is left out. The app's output from now on is shown.
  const { onOutput } = options;
  child.stdout.off("data", keep).on("data", onOutput ?? ((chunk) => process.stdout.write(chunk)));
  child.stderr.off("data", keep).on("data", onOutput ?? ((chunk) => process.stderr.write(chunk)));

  return {
    url,
    async stop() {
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
      if (child.exitCode === null && child.signalCode === null) await ended;
      clearTimeout(timer);
    },
  };
}
