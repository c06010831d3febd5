import type pg from "pg";
import { BackupError } from "../errors.ts";
import { type Database, translateConnectionError } from "../postgres/connection.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";

/** Each brings the schema from its index to the next version. Released ones are never changed. */
const MIGRATIONS = [
  `CREATE TABLE ${OWN_SCHEMA}.operations (
     id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
     kind text NOT NULL CHECK (kind IN ('backup', 'restore')),
     state text NOT NULL CHECK (state IN
       ('pending', 'running', 'ready', 'succeeded', 'failed', 'cancelled', 'interrupted')),
     actor jsonb NOT NULL,
     request jsonb NOT NULL,
     encryption text,
     file_name text NOT NULL,
     progress jsonb NOT NULL,
     plan jsonb,
     result jsonb,
     error jsonb,
     changed text NOT NULL DEFAULT 'nothing' CHECK (changed IN ('nothing', 'everything', 'unknown')),
     xid text,
     cancel_requested boolean NOT NULL DEFAULT false,
     created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
     started_at timestamptz,
     ended_at timestamptz,
     heartbeat_at timestamptz
   );
   CREATE INDEX operations_created_at ON ${OWN_SCHEMA}.operations (created_at DESC);
   CREATE INDEX operations_open ON ${OWN_SCHEMA}.operations (state)
     WHERE state IN ('pending', 'running', 'ready') OR changed = 'unknown'`,
  `CREATE TABLE ${OWN_SCHEMA}.unlock_attempts (
     subject text PRIMARY KEY,
     attempted_at timestamptz[] NOT NULL
   )`,
  `ALTER TABLE ${OWN_SCHEMA}.operations
     ADD COLUMN start_requested uuid,
     ADD COLUMN start_refused jsonb`,
  // Not `start_requested` any more: an older version of this software would start what it is asked to plan.
  `ALTER TABLE ${OWN_SCHEMA}.operations
     ADD COLUMN step_requested uuid,
     ADD COLUMN step jsonb,
     ADD COLUMN step_refused jsonb,
     ADD COLUMN step_taken uuid,
     ADD COLUMN archive jsonb,
     ADD COLUMN safety_backup jsonb,
     ADD COLUMN undoes uuid`,
];

/** The same number in every process of every app that uses one database: "prisma_b" in ASCII. */
const MIGRATION_LOCK = "8102654624070197090";

const ready = new WeakMap<Database, Promise<void>>();

/**
 * Runs a statement on the operations' tables, creating them first where they are missing.
 *
 * @throws INSUFFICIENT_PRIVILEGE where they cannot be created or used, DATABASE_UNREACHABLE
 */
export async function queryOperations<Row extends pg.QueryResultRow>(
  database: Database,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  try {
    await ensureSchema(database);
    try {
      return (await database.pool.query<Row>(sql, values)).rows;
    } catch (error) {
      if (!isMissing(error)) throw error;
      // Dropped since, as `prisma migrate reset` does.
      ready.delete(database);
      await ensureSchema(database);
      return (await database.pool.query<Row>(sql, values)).rows;
    }
  } catch (error) {
    if (error instanceof BackupError) throw error;
    if (sqlState(error) === "42501") throw insufficientPrivilege(error);
    throw translateConnectionError(error);
  }
}

function ensureSchema(database: Database): Promise<void> {
  let migrated = ready.get(database);
  if (!migrated) {
    migrated = migrate(database.pool);
    ready.set(database, migrated);
    migrated.catch(() => ready.delete(database));
  }
  return migrated;
}

async function migrate(pool: pg.Pool): Promise<void> {
  // Most often all is there; then a role that may not create anything can still work.
  if ((await readVersion(pool)) === MIGRATIONS.length) return;
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
    const version = await readVersion(client);
    if (version > MIGRATIONS.length) {
      throw new BackupError(
        "CONFIG_INVALID",
        `The schema ${OWN_SCHEMA} was made by a newer version of this software.`,
        { hint: "Update prisma-backup-admin in this app." },
      );
    }
    // Not IF NOT EXISTS, which asks for the right to create even where nothing is to be created.
    const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [
      OWN_SCHEMA,
    ]);
    if (rowCount === 0) await client.query(`CREATE SCHEMA ${OWN_SCHEMA}`);
    for (const migration of MIGRATIONS.slice(version)) await client.query(migration);
    await client.query(
      `COMMENT ON SCHEMA ${OWN_SCHEMA} IS 'prisma-backup-admin, version ${MIGRATIONS.length}'`,
    );
    await client.query("COMMIT");
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

/** The version is in the schema's comment: 0 where there is no schema, or an empty one. */
async function readVersion(client: pg.Pool | pg.PoolClient): Promise<number> {
  const { rows } = await client.query<{ comment: string | null }>(
    "SELECT obj_description(oid, 'pg_namespace') AS comment FROM pg_namespace WHERE nspname = $1",
    [OWN_SCHEMA],
  );
  return Number(/, version (\d+)$/.exec(rows[0]?.comment ?? "")?.[1] ?? 0);
}

const sqlState = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

const isMissing = (error: unknown): boolean =>
  sqlState(error) === "42P01" || sqlState(error) === "3F000";

function insufficientPrivilege(cause: unknown): BackupError {
  return new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `The database role may not create or use the schema ${OWN_SCHEMA}, in which operations are recorded. Nothing changed.`,
    {
      hint: `As the database's owner, run once: CREATE SCHEMA ${OWN_SCHEMA} AUTHORIZATION the_role_of_this_app;`,
      cause,
    },
  );
}
