import type pg from "pg";
import { BackupError } from "../../errors.ts";
import { tablesOf } from "../../postgres/load.ts";
import { beginLockWait, DEFAULT_LOCK_TIMEOUT_MS, lockTables } from "../../postgres/locks.ts";
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import { tableKey } from "../../shared/table-name.ts";
import type { LoadOptions } from "../load-archive.ts";
import { type ReadPlan, readPlan } from "../read-plan.ts";
import { findObstacles } from "../require-loadable.ts";

export interface Matched {
  catalog: Catalog;
  plan: ReadPlan;
  /** Errors that prevent the restore before any row is examined. */
  obstacles: BackupError[];
}

/** For sorting and hashing. Set for this session only, because it compares whole tables. */
const WORK_MEM = "64MB";

/**
 * Begins a transaction that sees the database at one moment. Its locks do not block readers and writers.
 *
 * @throws BackupError LOCK_TIMEOUT, SCHEMA_DRIFT if a migration ran in between
 */
export async function lockForReading(client: pg.Client, options: LoadOptions): Promise<Matched> {
  const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = options;
  const before = await match(client, options);
  if (before.obstacles.length > 0) return before;
  // Take the locks before the first query, which takes the snapshot.
  await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE");
  await client.query(`SET LOCAL row_security = off; SET LOCAL work_mem = '${WORK_MEM}'`);
  await lockTables(client, involvedTables(before), "ACCESS SHARE", beginLockWait(lockTimeoutMs));
  const after = await match(client, options);
  if (after.obstacles.length > 0 || shape(before) === shape(after)) return after;
  throw new BackupError(
    "SCHEMA_DRIFT",
    "Tables were made, changed or dropped while the trial run began. Nothing was changed.",
    { hint: "Try again when the migration has ended." },
  );
}

async function match(client: pg.ClientBase, options: LoadOptions): Promise<Matched> {
  const { catalog, plan } = await readPlan(client, options);
  return { catalog, plan, obstacles: findObstacles(plan) };
}

/** All tables that are read: those to restore, and those that foreign keys connect them with. */
function involvedTables({ catalog, plan }: Matched): CatalogTable[] {
  const loaded = new Set(plan.loads.map(({ table }) => tableKey(table)));
  const referred = new Set(
    catalog.foreignKeys
      .filter(({ from }) => loaded.has(tableKey(from)))
      .map(({ to }) => tableKey(to)),
  );
  return [
    ...tablesOf(plan.loads),
    ...plan.referring,
    // A table that the role may not read cannot be locked either. The report says that its foreign key was not checked.
    ...catalog.tables.filter(
      (table) => table.canSelect && referred.has(tableKey(table)) && !loaded.has(tableKey(table)),
    ),
  ];
}

const shape = (matched: Matched): string =>
  JSON.stringify(
    involvedTables(matched).map(({ oid, columns, partitions }) => [oid, columns, partitions]),
  );
