import pg from "pg";
import { BackupError } from "../errors.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import type { MaterializedView } from "../schema/materialized-views.ts";
import type { TableName } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { Database } from "./connection.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";

/** How long a backup or restore waits for a lock before it gives up, unless configured. */
export const DEFAULT_LOCK_TIMEOUT_MS = 30_000;

export type LockMode = "ACCESS SHARE" | "ACCESS EXCLUSIVE";

/**
 * Locks every table to the end of the transaction.
 *
 * @throws BackupError LOCK_TIMEOUT after `timeoutMs`, with who holds the tables
 */
export async function lockTables(
  client: pg.Client,
  database: Database,
  tables: readonly CatalogTable[],
  mode: LockMode,
  timeoutMs: number,
): Promise<void> {
  if (tables.length === 0) return;
  // SET and not set_config(): a SELECT would take the snapshot of a REPEATABLE READ transaction, before the locks.
  await client.query(`SET LOCAL lock_timeout = ${Math.max(1, Math.round(timeoutMs))}`);
  await waitForLock(
    client,
    database,
    `LOCK TABLE ${tables.map(quoteTable).join(", ")} IN ${mode} MODE`,
    tables.flatMap((table) => [table, ...table.partitions]),
    mode,
    timeoutMs,
  );
}

/**
 * Locks those of the views that the role owns as a refresh will: whoever reads one is waited for now, and not at the
 * end of a load that holds everybody up. After `lockTables`, which sets the time-out.
 *
 * @throws BackupError LOCK_TIMEOUT
 */
export async function lockMaterializedViews(
  client: pg.Client,
  database: Database,
  views: readonly MaterializedView[],
  timeoutMs: number,
): Promise<void> {
  for (const view of views.filter(({ isOwned }) => isOwned)) {
    // LOCK TABLE takes no materialised views. To give one to its own owner locks it and does nothing else.
    const statement = `ALTER MATERIALIZED VIEW ${quoteTable(view)} OWNER TO ${quoteIdentifier(view.owner)}`;
    await waitForLock(client, database, statement, [view], "ACCESS EXCLUSIVE", timeoutMs);
  }
}

type Relation = TableName & { oid: number };

async function waitForLock(
  client: pg.Client,
  { pool }: Database,
  statement: string,
  relations: readonly Relation[],
  mode: LockMode,
  timeoutMs: number,
): Promise<void> {
  try {
    await client.query(statement);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || error.code !== LOCK_NOT_AVAILABLE) throw error;
    const holders = await findLockHolders(pool, client, relations, mode);
    const who = holders.length > 0 ? ` Tables are in use by ${holders.join("; ")}.` : "";
    throw new BackupError(
      "LOCK_TIMEOUT",
      `A table stayed locked by somebody else for ${timeoutMs / 1000} s. Nothing has changed.${who}`,
      {
        hint: "Try again when that work has ended, or end it.",
        details: { timeoutMs, holders },
        cause: error,
      },
    );
  }
}

const LOCK_NOT_AVAILABLE = "55P03";

/** Sessions whose locks stand in the way: asked on another connection, since the waiting one's transaction has failed. */
async function findLockHolders(
  pool: pg.Pool,
  waiting: pg.Client,
  locked: readonly Relation[],
  mode: LockMode,
): Promise<string[]> {
  const relations = new Map(locked.map(({ oid, ...it }) => [oid, it]));
  const { rows } = await pool.query<{
    pid: number;
    application: string;
    user: string | null;
    since: string | null;
    relation: number;
  }>(
    `SELECT DISTINCT ON (a.pid) a.pid, a.application_name AS application, a.usename AS user,
       to_char(now() - a.xact_start, 'HH24:MI:SS') AS since, l.relation
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.granted AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.relation = ANY ($1::oid[]) AND (l.mode = 'AccessExclusiveLock' OR $2) AND a.pid <> $3
     ORDER BY a.pid LIMIT 5`,
    // Reading is only hindered by an exclusive lock, an exclusive lock by every other.
    [[...relations.keys()], mode === "ACCESS EXCLUSIVE", waiting.processID],
  );
  return rows.map(({ pid, application, user, since, relation }) => {
    const table = relations.get(relation);
    const who = `${application || "a session"} (process ${pid}, role ${user ?? "none"})`;
    return `${who}${table ? ` on ${tableLabel(table)}` : ""}${since ? `, for ${since}` : ""}`;
  });
}

/** The restore's advisory lock: the first eight bytes of sha256("prisma_backup_admin restore"), as a signed bigint. */
const RESTORE_LOCK = "-3250340911146290546";

/** Takes the lock that lets only one restore run in a database, until the connection ends. @returns false where somebody has it */
export async function tryRestoreLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "SELECT pg_catalog.pg_try_advisory_lock($1) AS locked",
    [RESTORE_LOCK],
  );
  return rows[0]?.locked === true;
}
