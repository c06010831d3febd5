import type pg from "pg";
import { addForeignKey } from "../postgres/constraints.ts";
import type { BlamedRows } from "../postgres/errors/blamed-rows.ts";
import { keyInDetail } from "../postgres/errors/database-error.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import { tablesOf } from "../postgres/load.ts";
import type { ForeignKey } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { beginBlaming, runOrBlame } from "./diagnose/blame.ts";
import { findOrphans, isForeignKeyViolation, readForeignKey } from "./diagnose/find-orphans.ts";
import type { ReadPlan } from "./read-plan.ts";
import type { RestoreSession } from "./restore-session.ts";

/**
 * Adds the foreign keys again. Each check covers all rows.
 *
 * @throws BackupError CONSTRAINT_VIOLATED, LOAD_FAILED with the keys of the rows that refer to missing rows
 */
export async function addForeignKeys(
  session: RestoreSession,
  plan: ReadPlan,
  signal: AbortSignal,
): Promise<void> {
  const { client } = session;
  const step = {
    run: (foreignKey: ForeignKey) => addForeignKey(client, foreignKey),
    placeOf: ({ table }: ForeignKey) => ({ table }),
    async blame(foreignKey: ForeignKey, error: unknown) {
      if (!isForeignKeyViolation(error)) return undefined;
      const found = await find(session, plan, foreignKey, error).catch(() => undefined);
      const missing = keyInDetail(error);
      return found ?? (missing === undefined ? undefined : { missing });
    },
  };
  await runOrBlame(client, plan.foreignKeys, step, signal);
}

async function find(
  { client, database }: RestoreSession,
  { loads, referring }: ReadPlan,
  foreignKey: ForeignKey,
  { schema, table: name }: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  const isSame = (a: TableName, b: TableName) => tableKey(a) === tableKey(b);
  const table = [...tablesOf(loads), ...referring].find((it) => isSame(it, foreignKey.from));
  if (!table) return undefined;
  // Read the foreign key on another connection: this transaction has dropped it, but every other session still sees it.
  const rule = await readForeignKey(
    database.pool,
    table,
    ({ constraint, from }) =>
      constraint === foreignKey.constraint && isSame(from, foreignKey.table),
  );
  if (!rule) return undefined;
  await beginBlaming(client);
  // If the foreign key is NOT VALID, the violation is in a partition that has validated it for its own rows.
  const part = !rule.isValidated && schema && name ? { schema, name } : null;
  const isWhole = rule.fromIsPartitioned && !part;
  const rows = `${isWhole ? "" : "ONLY "}${quoteTable(part ?? rule.from)}`;
  return await findOrphans(client, table, rule, { rows });
}
