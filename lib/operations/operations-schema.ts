import type pg from "pg";
import { BackupError } from "../errors.ts";
import type { Database } from "../postgres/connection.ts";
import {
  isStandby,
  READ_ONLY,
  READ_ONLY_SQL_TRANSACTION,
  standbyError,
} from "../postgres/read-only.ts";
import { OWN_SCHEMA } from "../schema/user-objects.ts";
import { inspectOwnSchema, OWN_TABLES, requireTrusted } from "./schema-owners.ts";

/** Each entry brings the schema from its index to the next version. Never change a released one. */
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
  // Renamed from `start_requested`, because an older version of this software would start what it is asked to plan.
  `ALTER TABLE ${OWN_SCHEMA}.operations
     ADD COLUMN step_requested uuid,
     ADD COLUMN step jsonb,
     ADD COLUMN step_refused jsonb,
     ADD COLUMN step_taken uuid,
     ADD COLUMN archive jsonb,
     ADD COLUMN safety_backup jsonb,
     ADD COLUMN undoes uuid`,
  // Earlier versions stored the reports of trial runs, which contain rows.
  `CREATE TABLE ${OWN_SCHEMA}.rehearsal_requests (
     id uuid PRIMARY KEY,
     operation_id uuid NOT NULL,
     recipient text NOT NULL,
     report text,
     requested_at timestamptz NOT NULL DEFAULT clock_timestamp()
   );
   UPDATE ${OWN_SCHEMA}.operations SET request = request - 'rehearsal' WHERE request ? 'rehearsal'`,
  // Everything that a list shows of a plan or a result. Either may be megabytes in size.
  `ALTER TABLE ${OWN_SCHEMA}.operations
     ADD COLUMN can_start boolean GENERATED ALWAYS AS ((plan ->> 'canStart') = 'true') STORED,
     ADD COLUMN result_rows jsonb GENERATED ALWAYS AS (result -> 'rows') STORED,
     ADD COLUMN archive_bytes jsonb GENERATED ALWAYS AS (result -> 'archiveBytes') STORED`,
  `ALTER TABLE ${OWN_SCHEMA}.operations ADD COLUMN cancelled_by jsonb`,
  `ALTER TABLE ${OWN_SCHEMA}.operations
     ADD COLUMN result_tables int GENERATED ALWAYS AS (jsonb_array_length(result -> 'tables')) STORED,
     ADD COLUMN tables_in_database jsonb GENERATED ALWAYS AS (result -> 'tablesInDatabase') STORED`,
];

/** The same lock id in every process of every app that uses this database: "prisma_b" in ASCII. */
const MIGRATION_LOCK = "8102654624070197090";

/**
 * Databases whose schema this process has already used. It goes on using them if a newer version changes the schema
 * during a deployment.
 */
const known = new WeakSet<Database>();

/**
 * Runs a statement on the operations' tables and creates the tables first if they are missing. Before each statement it
 * checks that the schema runs no other role's code, because another role may have dropped and recreated it.
 *
 * @throws CONFIG_INVALID if the schema contains objects of a role that could act through ours, INSUFFICIENT_PRIVILEGE
 *   if the tables cannot be created or used, DATABASE_READ_ONLY if nothing can be recorded, DATABASE_UNREACHABLE
 */
export async function queryOperations<Row extends pg.QueryResultRow>(
  database: Database,
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  try {
    return await inTransaction(database, async (client) => {
      await begin(client, database);
      return (await client.query<Row>(sql, values)).rows;
    });
  } catch (error) {
    if (sqlState(error) === READ_ONLY_SQL_TRANSACTION) throw await readOnly(database, error);
    throw sqlState(error) === "42501" ? insufficientPrivilege(error) : error;
  }
}

/**
 * Reads what was recorded. A server that accepts no writes may have no records; a standby has the primary's.
 *
 * @param none the result if nothing was ever recorded
 */
export async function ifRecorded<Found>(read: () => Promise<Found>, none: Found): Promise<Found> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof BackupError && error.code === "DATABASE_READ_ONLY") return none;
    throw error;
  }
}

const NOT_RECORDED = "Operations cannot be recorded there. Nothing was changed.";

async function readOnly({ pool }: Database, cause: unknown): Promise<BackupError> {
  if (await isStandby(pool)) return standbyError(NOT_RECORDED, cause);
  const { code, what, hint } = READ_ONLY;
  return new BackupError(code, `${what}. ${NOT_RECORDED}`, { hint, cause });
}

/** Commits the transaction that `work` begins. */
async function inTransaction<Result>(
  { pool }: Database,
  work: (client: pg.PoolClient) => Promise<Result>,
): Promise<Result> {
  const client = await pool.connect();
  let isBroken = false;
  try {
    const result = await work(client);
    await client.query("COMMIT");
    return result;
  } catch (error) {
    await client.query("ROLLBACK").catch(() => {
      isBroken = true;
    });
    throw error;
  } finally {
    client.release(isBroken);
  }
}

const BEGIN_SQL = `BEGIN; LOCK TABLE ${OWN_TABLES.map((name) => `${OWN_SCHEMA}.${name}`).join(", ")} IN ACCESS SHARE MODE`;

/** Begins a transaction in which the tables cannot be replaced, after checking that they can be trusted. */
async function begin(
  client: pg.PoolClient,
  database: Database,
  isSecondTry = false,
): Promise<void> {
  // Lock first, or another role could replace the tables between the check and the statement. A lock runs no code.
  const failure = await client.query(BEGIN_SQL).then(
    () => null,
    (error: unknown) => error,
  );
  if (failure !== null)
    await client.query("ROLLBACK").catch(() => {
      throw failure;
    });
  const own = await inspectOwnSchema(client);
  requireTrusted(own);
  if (own.version > MIGRATIONS.length && !known.has(database)) throw tooNew();
  if (own.version < MIGRATIONS.length) {
    await client.query("ROLLBACK");
    await migrate(client);
    return begin(client, database);
  }
  if (failure !== null) {
    // Another process may have created them in the meantime.
    if (isSecondTry || !MISSING.includes(sqlState(failure))) throw failure;
    return begin(client, database, true);
  }
  known.add(database);
}

async function migrate(client: pg.PoolClient): Promise<void> {
  await client.query("BEGIN");
  await client.query("SELECT pg_advisory_xact_lock($1)", [MIGRATION_LOCK]);
  const own = await inspectOwnSchema(client);
  requireTrusted(own);
  // IF NOT EXISTS would require the right to create even if the schema exists.
  const { rowCount } = await client.query("SELECT FROM pg_namespace WHERE nspname = $1", [
    OWN_SCHEMA,
  ]);
  if (rowCount === 0) await client.query(`CREATE SCHEMA ${OWN_SCHEMA}`);
  for (const migration of MIGRATIONS.slice(own.version)) await client.query(migration);
  if (own.version < MIGRATIONS.length)
    await client.query(
      `COMMENT ON SCHEMA ${OWN_SCHEMA} IS 'prisma-backup-admin, version ${MIGRATIONS.length}'`,
    );
  await client.query("COMMIT");
}

/** SQLSTATEs: no such schema, no such table. */
const MISSING: unknown[] = ["3F000", "42P01"];

const sqlState = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

const tooNew = (): BackupError =>
  new BackupError(
    "CONFIG_INVALID",
    `The schema ${OWN_SCHEMA} was made by a newer version of this software.`,
    { hint: "Update prisma-backup-admin in this app." },
  );

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
