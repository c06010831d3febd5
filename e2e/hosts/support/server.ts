import { spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PATIENCE_MS } from "../../../lib/testing/patience.ts";
import { findFreePort } from "../../../scripts/postgres.ts";
import type { Host } from "./host.ts";
import { pathOf } from "./package-manager.ts";
import { hostEnvironment } from "./run.ts";

export interface App {
  /** With Next's `basePath`, without a slash at the end. */
  url: string;
  /** The mount of its host. */
  mount: string;
  /** Everything that it has written so far. */
  output(): string;
  stop(signal?: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface StartOptions {
  /** Default: a free one. */
  port?: number;
  env?: Record<string, string>;
  /** Next's `basePath`. */
  basePath?: string;
}

const ADDRESS = "127.0.0.1";
const STOP_PATIENCE_MS = 5000;

/** Runs `next start` or `next dev` in the host's folder. */
export async function startNext(
  host: Host,
  command: "start" | "dev",
  options: StartOptions = {},
): Promise<App> {
  const port = options.port ?? (await findFreePort());
  const args = [command, "-H", ADDRESS, "-p", `${port}`];
  return start(host, host.folder, host.packages.nextArgs(host.folder, args), { ...options, port });
}

/** Starts the standalone output as Next documents it, away from the packages that it must not need. */
export async function startStandalone(host: Host, options: StartOptions = {}): Promise<App> {
  const folder = await mkdtemp(path.join(tmpdir(), "standalone-"));
  const from = (part: string) => path.join(host.folder, part);
  await cp(from(".next/standalone"), folder, { recursive: true });
  await cp(from("public"), path.join(folder, "public"), { recursive: true });
  await cp(from(".next/static"), path.join(folder, ".next/static"), { recursive: true });
  const port = options.port ?? (await findFreePort());
  const env = { ...options.env, PORT: `${port}`, HOSTNAME: ADDRESS };
  const app = await start(host, folder, ["server.js"], { ...options, port, env });
  return {
    ...app,
    async stop(signal) {
      await app.stop(signal);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function start(
  host: Host,
  cwd: string,
  args: string[],
  { port, env, basePath = "" }: StartOptions,
): Promise<App> {
  const child = spawn("node", args, {
    cwd,
    env: { ...hostEnvironment(), PATH: pathOf(host.folder), ...host.env, ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "exit");
  const hasEnded = () => child.exitCode !== null || child.signalCode !== null;
  const written: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => written.push(chunk));
  }
  const app: App = {
    url: `http://${ADDRESS}:${port}${basePath}`,
    mount: host.mount,
    output: () => String(Buffer.concat(written)),
    async stop(signal = "SIGTERM") {
      if (hasEnded()) return;
      child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_PATIENCE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const answers = await fetch(`${app.url}/sign-in`).then(
      (response) => response.ok,
      () => false,
    );
    if (answers) return app;
    if (hasEnded() || performance.now() > deadlineMs) {
      await app.stop("SIGKILL");
      throw new Error(`The app did not start.\n${app.output()}`);
    }
    await sleep(100);
  }
}
