import type pg from "pg";
import { BackupError } from "../errors.ts";
import { type DumpPlan, planDump, selectionOf, type TableSelection } from "../plan/dump-plan.ts";
import type { Catalog } from "../schema/catalog.ts";
import type { PrismaModels } from "../schema/prisma-models.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import { isCatalogDamage } from "./errors/damage.ts";
import {
  hasSqlState,
  INTERNAL_ERROR,
  INVALID_SCHEMA_NAME,
  UNDEFINED_COLUMN,
  UNDEFINED_TABLE,
} from "./errors/sqlstate.ts";
import { beginLockWait, lockTables } from "./locks.ts";

/** A moment of the database. Every statement on `client` sees the same rows, and no table can change its structure. */
export interface Snapshot {
  client: pg.Client;
  catalog: Catalog;
  plan: DumpPlan;
}

const ATTEMPTS = 5;

/**
 * Opens a REPEATABLE READ, READ ONLY transaction on `client` with every planned table locked in ACCESS SHARE mode.
 * Nobody can alter or truncate these tables meanwhile; readers and writers continue.
 *
 * Locks come before the snapshot; otherwise a table altered in between would be read in its old shape. But only the
 * catalog tells which tables to lock. So read the catalog, lock the tables, and read the catalog again.
 *
 * @throws BackupError of `planDump`, or DUMP_FAILED if the schema keeps changing
 */
export async function openSnapshot(
  client: pg.Client,
  models: PrismaModels,
  selection: TableSelection,
  lockTimeoutMs: number,
): Promise<Snapshot> {
  const wait = beginLockWait(lockTimeoutMs);
  const causes: unknown[] = [];
  const isSelected = selectionOf(selection);
  const isChosen = selection.tables || selection.exclude?.length ? isSelected : undefined;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const outside = await readCatalog(client, [], isChosen);
      const before = planDump(outside, models, selection);
      await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      // row_security off: PostgreSQL reports an error instead of leaving out rows.
      // synchronize_seqscans off: a row's number is its place in the table.
      await client.query("SET LOCAL row_security = off; SET LOCAL synchronize_seqscans = off");
      await lockTables(client, before.tables, "ACCESS SHARE", wait);
      const catalog = await readCatalog(client, outside.unreadable, isChosen);
      const plan = planDump(catalog, models, selection);
      if (shape(before) === shape(plan)) return { client, catalog, plan };
    } catch (error) {
      if (!isGone(error)) throw error;
      causes.push(error);
    }
    await client.query("ROLLBACK");
  }
  const [cause] = causes;
  // While the catalog is being changed, the errors differ or disappear. The same error each time means damage.
  const isAlike = (error: unknown) => messageOf(error) === messageOf(cause);
  if (isCatalogDamage(cause) && causes.length === ATTEMPTS && causes.every(isAlike)) throw cause;
  throw new BackupError(
    "DUMP_FAILED",
    "Tables were made, changed or dropped while the backup began. No backup was made.",
    { hint: "Try again when the migration has ended.", cause },
  );
}

/** Something that existed a moment ago is missing. PostgreSQL then also reports internal errors. */
const isGone = (error: unknown): boolean =>
  hasSqlState(error, UNDEFINED_TABLE, UNDEFINED_COLUMN, INVALID_SCHEMA_NAME, INTERNAL_ERROR);

const messageOf = (error: unknown): unknown => (error instanceof Error ? error.message : undefined);

const shape = (plan: DumpPlan): string =>
  JSON.stringify(plan.tables.map(({ oid, columns, partitions }) => [oid, columns, partitions]));
