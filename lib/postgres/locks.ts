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

/** EXCLUSIVE keeps writers out, and lets readers go on. */
export type LockMode = "ACCESS SHARE" | "EXCLUSIVE" | "ACCESS EXCLUSIVE";

/** How long to wait for locks in all, however many of them have to be waited for. */
export interface LockWait {
  timeoutMs: number;
  /** On the clock of `performance.now()`. */
  endsAt: number;
}

export const beginLockWait = (timeoutMs: number): LockWait => ({
  timeoutMs,
  endsAt: performance.now() + timeoutMs,
});

const DEADLOCK_DETECTED = "40P01";

/**
 * Locks every table to the end of the transaction. Whoever has some of them and waits for another would wait for this
 * transaction, as it does for them: where PostgreSQL finds that, what was locked here is given back, and locked anew
 * when they are through.
 *
 * @throws BackupError LOCK_TIMEOUT when the wait is over, with who holds the tables
 */
export async function lockTables(
  client: pg.Client,
  database: Database,
  tables: readonly CatalogTable[],
  mode: LockMode,
  wait: LockWait,
): Promise<void> {
  if (tables.length === 0) return;
  const statement = `LOCK TABLE ${tables.map(quoteTable).join(", ")} IN ${mode} MODE`;
  const relations = tables.flatMap((table) => [table, ...table.partitions]);
  await client.query("SAVEPOINT unlocked");
  for (;;) {
    try {
      await waitForLock(client, database, statement, relations, mode, wait);
      break;
    } catch (error) {
      const isDeadlock = error instanceof pg.DatabaseError && error.code === DEADLOCK_DETECTED;
      if (!isDeadlock || performance.now() > wait.endsAt) throw error;
      await client.query("ROLLBACK TO SAVEPOINT unlocked");
    }
  }
  await client.query("RELEASE SAVEPOINT unlocked");
}

/**
 * Locks those of the views that the role owns as a refresh will: whoever reads one is waited for now, and not at the
 * end of a load that holds everybody up.
 *
 * @throws BackupError LOCK_TIMEOUT
 */
export async function lockMaterializedViews(
  client: pg.Client,
  database: Database,
  views: readonly MaterializedView[],
  wait: LockWait,
): Promise<void> {
  for (const view of views.filter(({ isOwned }) => isOwned)) {
    // LOCK TABLE takes no materialised views. To give one to its own owner locks it and does nothing else.
    const statement = `ALTER MATERIALIZED VIEW ${quoteTable(view)} OWNER TO ${quoteIdentifier(view.owner)}`;
    await waitForLock(client, database, statement, [view], "ACCESS EXCLUSIVE", wait);
  }
}

type Relation = TableName & { oid: number };

async function waitForLock(
  client: pg.Client,
  { pool }: Database,
  statement: string,
  relations: readonly Relation[],
  mode: LockMode,
  { timeoutMs, endsAt }: LockWait,
): Promise<void> {
  const leftMs = Math.max(1, Math.round(endsAt - performance.now()));
  // lock_timeout is for each table anew, and goes on for what a later statement locks; statement_timeout is for all.
  // SET and not set_config(): a SELECT would take the snapshot of a REPEATABLE READ transaction, before the locks.
  await client.query(
    `SET LOCAL statement_timeout = ${leftMs}; SET LOCAL lock_timeout = ${Math.max(1, Math.round(timeoutMs))}`,
  );
  try {
    await client.query(statement);
    await client.query("SET LOCAL statement_timeout = 0");
  } catch (error) {
    if (!isTimeout(error, endsAt)) throw error;
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
const QUERY_CANCELED = "57014";

/** A statement is cancelled by its time-out, or before it by somebody. */
const isTimeout = (error: unknown, endsAt: number): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === LOCK_NOT_AVAILABLE ||
    (error.code === QUERY_CANCELED && performance.now() > endsAt - 50));

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
    held: number[];
  }>(
    `SELECT a.pid, a.application_name AS application, a.usename AS user,
       to_char(now() - a.xact_start, 'HH24:MI:SS') AS since, array_agg(DISTINCT l.relation::bigint::float8) AS held
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.granted AND l.locktype = 'relation' AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND l.relation = ANY ($1::oid[]) AND (l.mode = 'AccessExclusiveLock' OR $2 AND (l.mode <> 'AccessShareLock' OR $4)) AND a.pid <> $3
     GROUP BY a.pid, a.application_name, a.usename, a.xact_start
     ORDER BY a.xact_start, a.pid LIMIT 5`,
    // Reading is only hindered by an exclusive lock, writing's by every one but a reader's, an exclusive lock by every other.
    [
      [...relations.keys()],
      mode !== "ACCESS SHARE",
      waiting.processID,
      mode === "ACCESS EXCLUSIVE",
    ],
  );
  return rows.map(({ pid, application, user, since, held }) => {
    const tables = held.flatMap((oid) => relations.get(oid) ?? []).map(tableLabel);
    const who = `${application || "a session"} (process ${pid}, role ${user ?? "none"})`;
    return `${who} on ${tables.toSorted().join(", ")}${since ? `, for ${since}` : ""}`;
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
