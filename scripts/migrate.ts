import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import pg from "pg";

const MIGRATIONS = new URL("../prisma/migrations/", import.meta.url).pathname;

/** Prisma takes the same lock, so that two deployments never migrate at once. */
const PRISMA_ADVISORY_LOCK = 72707369;

/** As `prisma migrate deploy` makes it. */
const MIGRATIONS_TABLE = `CREATE TABLE IF NOT EXISTS "_prisma_migrations" (
  "id"                    VARCHAR(36) PRIMARY KEY NOT NULL,
  "checksum"              VARCHAR(64) NOT NULL,
  "finished_at"           TIMESTAMPTZ,
  "migration_name"        VARCHAR(255) NOT NULL,
  "logs"                  TEXT,
  "rolled_back_at"        TIMESTAMPTZ,
  "started_at"            TIMESTAMPTZ NOT NULL DEFAULT now(),
  "applied_steps_count"   INTEGER NOT NULL DEFAULT 0
)`;

/**
 * Applies the migrations that the database does not have yet, and records them as Prisma does; so
 * the demo needs no download of Prisma's schema engine. Each is applied whole or not at all.
 *
 * @param folder of migrations, as Prisma lays it out. Default: the demo shop's.
 * @returns the names of those applied now.
 * @throws Error when an applied migration was changed since, or failed halfway under Prisma; or
 * when the database holds tables that did not come from migrations.
 */
export async function migrate(url: string, folder: string = MIGRATIONS): Promise<string[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [PRISMA_ADVISORY_LOCK]);
    await requireOwnDatabase(client);
    await client.query(MIGRATIONS_TABLE);
    const applied: string[] = [];
    for (const name of await listMigrations(folder)) {
      const sql = await readFile(path.join(folder, name, "migration.sql"), "utf8");
      const checksum = createHash("sha256").update(sql).digest("hex");
      if (await isApplied(client, name, checksum)) continue;
      await apply(client, name, checksum, sql);
      applied.push(name);
    }
    return applied;
  } finally {
    await client.end();
  }
}

/** As Prisma does, refuses a database with tables but without a history: it belongs to others. */
async function requireOwnDatabase(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ foreign: boolean }>(
    `SELECT to_regclass('_prisma_migrations') IS NULL AND EXISTS (
       SELECT FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')
     ) AS foreign`,
  );
  if (rows[0]?.foreign) {
    throw new Error("The database has tables of something else. Give the demo an empty database.");
  }
}

async function listMigrations(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

async function isApplied(client: pg.Client, name: string, checksum: string): Promise<boolean> {
  const { rows } = await client.query<{ checksum: string; finished: boolean }>(
    `SELECT checksum, finished_at IS NOT NULL AS finished FROM "_prisma_migrations"
     WHERE migration_name = $1 AND rolled_back_at IS NULL`,
    [name],
  );
  const [row] = rows;
  if (!row) return false;
  if (!row.finished) throw new Error(`The migration ${name} failed earlier. Resolve it by Prisma.`);
  if (row.checksum !== checksum) {
    throw new Error(`The migration ${name} was changed after it was applied.`);
  }
  return true;
}

async function apply(client: pg.Client, name: string, checksum: string, sql: string) {
  await client.query("BEGIN");
  try {
    await client.query(sql);
    await client.query(
      `INSERT INTO "_prisma_migrations"
         (id, checksum, migration_name, started_at, finished_at, applied_steps_count)
       VALUES ($1, $2, $3, now(), clock_timestamp(), 1)`,
      [randomUUID(), checksum, name],
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK");
    throw error;
  }
}
