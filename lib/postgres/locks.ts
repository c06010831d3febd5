import type pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import type { MaterializedView } from "../schema/materialized-views.ts";
import {
  DEADLOCK_DETECTED,
  hasSqlState,
  LOCK_NOT_AVAILABLE,
  QUERY_CANCELED,
} from "./errors/sqlstate.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import { oidsOf } from "./load.ts";
import {
  describeHolder,
  findAdvisoryHolders,
  findLockHolders,
  lockTimeout,
} from "./lock-holders.ts";

/** Default for how long a backup or restore waits for locks before it gives up. */
export const DEFAULT_LOCK_TIMEOUT_MS = 30_000;

/** EXCLUSIVE blocks writers but not readers. */
export type LockMode = "ACCESS SHARE" | "EXCLUSIVE" | "ACCESS EXCLUSIVE";

/** A time limit for all lock waits together. */
export interface LockWait {
  timeoutMs: number;
  /** In milliseconds of `performance.now()`. */
  endsAt: number;
}

export const beginLockWait = (timeoutMs: number): LockWait => ({
  timeoutMs,
  endsAt: performance.now() + timeoutMs,
});

/**
 * Locks every table until the end of the transaction. A session that holds some of the tables and waits for another one
 * would deadlock with this transaction. If PostgreSQL detects that, the locks taken here are released, and taken again
 * when the other session is done.
 *
 * @throws BackupError LOCK_TIMEOUT when the time is up, with who holds the tables
 */
export async function lockTables(
  client: pg.Client,
  tables: readonly CatalogTable[],
  mode: LockMode,
  wait: LockWait,
): Promise<void> {
  if (tables.length === 0) return;
  const statement = `LOCK TABLE ${tables.map(quoteTable).join(", ")} IN ${mode} MODE`;
  const relations = oidsOf(tables);
  for (;;) {
    try {
      return await waitForLock(client, { statement, relations, mode }, wait);
    } catch (error) {
      if (!hasSqlState(error, DEADLOCK_DETECTED) || performance.now() > wait.endsAt) throw error;
    }
  }
}

/**
 * Locks the views that the role owns as a later refresh will. This way, readers of a view are waited for now, and not
 * at the end of a load that blocks everybody.
 *
 * @throws BackupError LOCK_TIMEOUT
 */
export async function lockMaterializedViews(
  client: pg.Client,
  views: readonly MaterializedView[],
  wait: LockWait,
): Promise<void> {
  for (const view of views.filter(({ isOwned }) => isOwned)) {
    // LOCK TABLE refuses materialised views. Setting the owner to the current owner locks the view and changes nothing.
    const statement = `ALTER MATERIALIZED VIEW ${quoteTable(view)} OWNER TO ${quoteIdentifier(view.owner)}`;
    const lock: Lock = { statement, relations: [view.oid], mode: "ACCESS EXCLUSIVE" };
    await waitForLock(client, lock, wait);
  }
}

interface Lock {
  /** Takes the lock. */
  statement: string;
  /** The oids of what it locks. */
  relations: readonly number[];
  mode: LockMode;
}

/** @throws BackupError LOCK_TIMEOUT. After any error, the transaction is as it was before. */
async function waitForLock(
  client: pg.Client,
  { statement, relations, mode }: Lock,
  { timeoutMs, endsAt }: LockWait,
): Promise<void> {
  const startedAt = performance.now();
  const leftMs = Math.max(1, Math.round(endsAt - startedAt));
  // lock_timeout starts again for each table, and also applies to later statements; statement_timeout limits the whole
  // statement. SET instead of set_config(): a SELECT would take the snapshot of a REPEATABLE READ transaction before
  // the locks.
  await client.query(
    `SAVEPOINT unlocked; SET LOCAL statement_timeout = ${leftMs}; SET LOCAL lock_timeout = ${Math.max(1, Math.round(timeoutMs))}`,
  );
  try {
    await client.query(statement);
    await client.query("SET LOCAL statement_timeout = 0; RELEASE SAVEPOINT unlocked");
  } catch (error) {
    const isOver = isTimeout(error, endsAt);
    // A lost connection has nothing to roll back.
    await client
      .query("ROLLBACK TO SAVEPOINT unlocked; RELEASE SAVEPOINT unlocked")
      .catch(() => {});
    if (!isOver) throw error;
    throw lockTimeout({
      what: `A table stayed locked by another session for ${timeoutMs / 1000} s`,
      outcome: "Nothing was changed.",
      // Measured now: on a busy machine, time has passed since the wait ended.
      holders: await findLockHolders(client, relations, mode, performance.now() - startedAt),
      details: { timeoutMs },
      cause: error,
    });
  }
}

/** A cancellation near the end of the wait is a timeout. An earlier one came from somebody else. */
const isTimeout = (error: unknown, endsAt: number): boolean =>
  hasSqlState(error, LOCK_NOT_AVAILABLE) ||
  (hasSqlState(error, QUERY_CANCELED) && performance.now() > endsAt - 50);

/** The first eight bytes of sha256("prisma_backup_admin restore"), as a signed bigint. */
const RESTORE_LOCK = "-3250340911146290546";

/** Allows one restore in a database, until the connection ends. @returns false if there is another */
export async function tryRestoreLock(client: pg.ClientBase): Promise<boolean> {
  const { rows } = await client.query<{ locked: boolean }>(
    "SELECT pg_catalog.pg_try_advisory_lock($1) AS locked",
    [RESTORE_LOCK],
  );
  return rows[0]?.locked === true;
}

/** Describes who holds the restore lock, as far as the role may see. */
export async function findRestoreLockHolder(client: pg.ClientBase): Promise<string | undefined> {
  return (await findAdvisoryHolders(client, RESTORE_LOCK)).map(describeHolder)[0];
}
