import { createHash, randomUUID } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type pg from "pg";
import { withClient } from "./with-client.ts";

const MIGRATIONS = new URL("../prisma/migrations/", import.meta.url).pathname;

/** The id of Prisma's own lock, so that two deployments never migrate at the same time. */
const PRISMA_ADVISORY_LOCK = 72707369;

/** The table as `prisma migrate deploy` creates it. */
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
 * Applies the missing migrations and records them as Prisma does, so the demo need not download Prisma's schema engine.
 * Each is applied completely or not at all.
 *
 * @param folder of migrations, in Prisma's layout. Default: the demo shop's
 * @returns the names of the migrations applied now
 * @throws Error if an applied migration has changed since, or failed halfway under Prisma, or if the database contains
 *   tables that did not come from migrations
 */
export function migrate(url: string, folder: string = MIGRATIONS): Promise<string[]> {
  return withClient(url, async (client) => {
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
  });
}

/** Refuses a database with tables but without a history, as Prisma does: it belongs to another application. */
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
