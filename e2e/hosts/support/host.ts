import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import pg from "pg";
import { migrate } from "../../../scripts/migrate.ts";
import { createOwnedDatabase } from "../../../scripts/owned-database.ts";
import { ROOT } from "../../../scripts/run.ts";
import { step } from "../../../scripts/step.ts";
import { npm, type PackageManager, pathOf } from "./package-manager.ts";
import { run } from "./run.ts";

const DEFAULT_MOUNT = "/admin/backup";
const HOSTS = path.join(ROOT, "e2e/hosts");

/** An app in a temporary folder, with the add-on mounted. */
export interface Host {
  folder: string;
  database: string;
  databaseUrl: string;
  /** The path of the panel, without Next's `basePath`. */
  mount: string;
  /** Its environment, as in its `.env`. */
  env: Record<string, string>;
  packages: PackageManager;
  /** Runs a program of the app's own packages in its folder. @returns what it wrote to stdout */
  run(program: string, ...args: string[]): Promise<string>;
  query(sql: string): Promise<void>;
  remove(): Promise<void>;
}

export interface HostOptions {
  /** Default: `/admin/backup`. */
  mount?: string;
  /** Default: npm. */
  packages?: PackageManager;
  /** What a person changes in the app after `init`. */
  edit?: (folder: string) => Promise<void>;
}

/**
 * Does what a user does: `npm install`, the migrations, `npx prisma-backup init`, `next build`.
 *
 * If the environment variable HOSTS_FOLDER is set, the app is kept there and used unchanged the next time.
 *
 * @param env of the app, as in its `.env`
 */
export async function prepareHost(
  name: string,
  env: Record<string, string>,
  { mount = DEFAULT_MOUNT, packages = npm, edit = async () => {} }: HostOptions = {},
): Promise<Host> {
  const { HOSTS_FOLDER } = process.env;
  const folder = HOSTS_FOLDER
    ? path.join(HOSTS_FOLDER, name)
    : await mkdtemp(path.join(tmpdir(), `host-${name}-`));
  const isBuilt = existsSync(path.join(folder, ".next/BUILD_ID"));
  const database = `host_${name}`;
  const databaseUrl = await createOwnedDatabase(read("HOSTS_POSTGRES_URL"), database);
  const timed = <T>(title: string, action: () => Promise<T>) => step(`${name}: ${title}`, action);
  const host: Host = {
    folder,
    database,
    databaseUrl,
    mount,
    packages,
    env: { DATABASE_URL: databaseUrl, ...env },
    run: (program, ...args) =>
      run(...packages.commandOf(folder, program, args), {
        cwd: folder,
        env: { PATH: pathOf(folder), ...host.env },
      }),
    query: (sql) => query(databaseUrl, sql),
    async remove() {
      if (!HOSTS_FOLDER) await rm(folder, { recursive: true, force: true });
    },
  };
  try {
    if (!isBuilt) await cp(path.join(HOSTS, name), folder, { recursive: true });
    await writeFile(
      path.join(folder, ".env"),
      Object.entries(host.env)
        .map(([key, value]) => `${key}="${value}"\n`)
        .join(""),
    );
    const filling = timed("migrate and seed", () => fill(name, host));
    await (isBuilt ? filling : Promise.all([filling, build(host, timed, edit)]));
    return host;
  } catch (error) {
    await host.remove();
    throw error;
  }
}

async function build(
  host: Host,
  timed: typeof step,
  edit: NonNullable<HostOptions["edit"]>,
): Promise<void> {
  const { packages, folder } = host;
  await timed(`${packages.name} install`, () => packages.install(folder, read("HOSTS_TARBALL")));
  // No schema engine is needed, and Prisma does not download one if this path is set.
  await timed("prisma generate", () =>
    run(...packages.commandOf(folder, "prisma", ["generate"]), {
      cwd: folder,
      env: {
        ...host.env,
        PATH: pathOf(folder),
        PRISMA_SCHEMA_ENGINE_BINARY: process.execPath,
      },
    }),
  );
  const elsewhere = host.mount === DEFAULT_MOUNT ? [] : ["--mount", host.mount];
  await timed("prisma-backup init --yes", () =>
    host.run("prisma-backup", "init", "--yes", ...elsewhere),
  );
  await edit(folder);
  await timed("next build", () => host.run("next", "build", ...packages.buildFlags));
}

async function fill(name: string, { databaseUrl, folder }: Host): Promise<void> {
  await migrate(databaseUrl, path.join(folder, "prisma/migrations"));
  await query(databaseUrl, await readFile(path.join(HOSTS, name, "prisma/seed.sql"), "utf8"));
}

async function query(connectionString: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function read(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is set by e2e/hosts/support/global-setup.ts.`);
  return value;
}
