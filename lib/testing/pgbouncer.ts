/** A real PgBouncer in front of the tests' server. */
import { spawn } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createConnection } from "node:net";
import os from "node:os";
import path from "node:path";
import { findFreePort } from "../../scripts/postgres.ts";
import { until } from "./patience.ts";

export interface PgBouncer extends AsyncDisposable {
  /** The same database through the pooler. */
  url: string;
}

/** @param settings of the section [pgbouncer], in addition to `pool_mode` */
export async function startPgBouncer(
  databaseUrl: string,
  mode: "transaction" | "session" | "statement",
  settings: Record<string, string | number> = {},
): Promise<PgBouncer> {
  const { hostname, port, username, password } = new URL(databaseUrl);
  const listenPort = await findFreePort();
  const folder = await mkdtemp(path.join(os.tmpdir(), "pgbouncer-"));
  const file = path.join(folder, "pgbouncer.ini");
  const options = {
    listen_addr: "127.0.0.1",
    listen_port: listenPort,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: mode,
    ...settings,
  };
  await writeFile(
    file,
    `[databases]
* = host=${hostname} port=${port} user=${decodeURIComponent(username)} password='${decodeURIComponent(password)}'
[pgbouncer]
${Object.entries(options)
  .map(([name, value]) => `${name} = ${value}`)
  .join("\n")}
`,
    { mode: 0o644 },
  );
  const log: string[] = [];
  // It refuses to run as root, so another user has to be able to read its settings.
  const isRoot = process.getuid?.() === 0;
  if (isRoot) await chmod(folder, 0o755);
  const child = spawn("pgbouncer", [...(isRoot ? ["-u", "nobody"] : []), file], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => log.push(String(chunk)));
  }
  const stop = async () => {
    child.kill("SIGKILL");
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await listens(listenPort);
  } catch {
    await stop();
    throw new Error(`PgBouncer does not start:\n${log.join("")}`);
  }
  const url = new URL(databaseUrl);
  url.hostname = "127.0.0.1";
  url.port = String(listenPort);
  return { url: url.href, [Symbol.asyncDispose]: stop };
}

async function listens(port: number): Promise<void> {
  await until(
    "PgBouncer listens",
    () =>
      new Promise<boolean>((resolve) => {
        const socket = createConnection(port, "127.0.0.1");
        socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
        socket.once("close", () => socket.destroy());
      }),
  );
}
