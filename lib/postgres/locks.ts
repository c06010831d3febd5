import pg from "pg";
import type { CatalogTable } from "../schema/catalog.ts";
import type { MaterializedView } from "../schema/materialized-views.ts";
import { quoteIdentifier, quoteTable } from "./identifiers.ts";
import {
  describeHolder,
  findAdvisoryHolders,
  findLockHolders,
  lockTimeout,
} from "./lock-holders.ts";

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
  tables: readonly CatalogTable[],
  mode: LockMode,
  wait: LockWait,
): Promise<void> {
  if (tables.length === 0) return;
  const statement = `LOCK TABLE ${tables.map(quoteTable).join(", ")} IN ${mode} MODE`;
  const relations = tables.flatMap(({ oid, partitions }) => [
    oid,
    ...partitions.map((it) => it.oid),
  ]);
  for (;;) {
    try {
      return await waitForLock(client, statement, relations, mode, wait);
    } catch (error) {
      const isDeadlock = error instanceof pg.DatabaseError && error.code === DEADLOCK_DETECTED;
      if (!isDeadlock || performance.now() > wait.endsAt) throw error;
    }
  }
}

/**
 * Locks those of the views that the role owns as a refresh will: whoever reads one is waited for now, and not at the
 * end of a load that holds everybody up.
 *
 * @throws BackupError LOCK_TIMEOUT
 */
export async function lockMaterializedViews(
  client: pg.Client,
  views: readonly MaterializedView[],
  wait: LockWait,
): Promise<void> {
  for (const view of views.filter(({ isOwned }) => isOwned)) {
    // LOCK TABLE takes no materialised views. To give one to its own owner locks it and does nothing else.
    const statement = `ALTER MATERIALIZED VIEW ${quoteTable(view)} OWNER TO ${quoteIdentifier(view.owner)}`;
    await waitForLock(client, statement, [view.oid], "ACCESS EXCLUSIVE", wait);
  }
}

/** @throws BackupError LOCK_TIMEOUT; another error leaves the transaction as it was before as well */
async function waitForLock(
  client: pg.Client,
  statement: string,
  relations: readonly number[],
  mode: LockMode,
  { timeoutMs, endsAt }: LockWait,
): Promise<void> {
  const startedAt = performance.now();
  const leftMs = Math.max(1, Math.round(endsAt - startedAt));
  // lock_timeout is for each table anew, and goes on for what a later statement locks; statement_timeout is for all.
  // SET and not set_config(): a SELECT would take the snapshot of a REPEATABLE READ transaction, before the locks.
  await client.query(
    `SAVEPOINT unlocked; SET LOCAL statement_timeout = ${leftMs}; SET LOCAL lock_timeout = ${Math.max(1, Math.round(timeoutMs))}`,
  );
  try {
    await client.query(statement);
    await client.query("SET LOCAL statement_timeout = 0; RELEASE SAVEPOINT unlocked");
  } catch (error) {
    const waitedMs = performance.now() - startedAt;
    const isOver = isTimeout(error, endsAt);
    // A connection that is lost has nothing to roll back.
    await client
      .query("ROLLBACK TO SAVEPOINT unlocked; RELEASE SAVEPOINT unlocked")
      .catch(() => {});
    if (!isOver) throw error;
    throw lockTimeout({
      what: `A table stayed locked by somebody else for ${timeoutMs / 1000} s`,
      outcome: "Nothing has changed.",
      holders: await findLockHolders(client, relations, mode, waitedMs),
      details: { timeoutMs },
      cause: error,
    });
  }
}

const LOCK_NOT_AVAILABLE = "55P03";
const QUERY_CANCELED = "57014";

/** A statement is cancelled by its time-out, or before it by somebody. */
const isTimeout = (error: unknown, endsAt: number): boolean =>
  error instanceof pg.DatabaseError &&
  (error.code === LOCK_NOT_AVAILABLE ||
    (error.code === QUERY_CANCELED && performance.now() > endsAt - 50));

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

/** Who has it, as far as the role may see. */
export async function findRestoreLockHolder(client: pg.ClientBase): Promise<string | undefined> {
  return (await findAdvisoryHolders(client, RESTORE_LOCK)).map(describeHolder)[0];
}
