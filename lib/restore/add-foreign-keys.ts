import type pg from "pg";
import { addForeignKey } from "../postgres/constraints.ts";
import type { BlamedRows } from "../postgres/errors/blamed-rows.ts";
import { keyInDetail, translateDatabaseError } from "../postgres/errors/database-error.ts";
import { quoteTable } from "../postgres/identifiers.ts";
import type { ForeignKey } from "../schema/catalog.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { beginBlaming } from "./diagnose/begin-blaming.ts";
import { findOrphans, isForeignKeyViolation, readForeignKey } from "./diagnose/find-orphans.ts";
import type { ReadPlan } from "./read-plan.ts";
import type { RestoreSession } from "./restore-session.ts";

const LOADED = "loaded";

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
  // After a failure, the search for the failing rows starts here, because a failed transaction answers no queries.
  await client.query(`SAVEPOINT ${LOADED}`);
  for (const foreignKey of plan.foreignKeys) {
    signal.throwIfAborted();
    await addForeignKey(client, foreignKey).catch(async (error: unknown) => {
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing was changed.",
        table: foreignKey.table,
        blamed: await blame(session, plan, foreignKey, error),
      });
    });
  }
  await client.query(`RELEASE SAVEPOINT ${LOADED}`);
}

async function blame(
  session: RestoreSession,
  plan: ReadPlan,
  foreignKey: ForeignKey,
  error: unknown,
): Promise<BlamedRows | undefined> {
  if (!isForeignKeyViolation(error)) return undefined;
  // Finding the rows is optional. If the search fails, report the error without them.
  const found = await find(session, plan, foreignKey, error).catch(() => undefined);
  if (found) return found;
  const missing = keyInDetail(error);
  return missing === undefined ? undefined : { missing };
}

async function find(
  { client, database }: RestoreSession,
  { loads, referring }: ReadPlan,
  foreignKey: ForeignKey,
  { schema, table: name }: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  const tables = [...loads.map((load) => load.table), ...referring];
  const isSame = (a: TableName, b: TableName) => tableKey(a) === tableKey(b);
  const table = tables.find((it) => isSame(it, foreignKey.from));
  if (!table) return undefined;
  // Read the foreign key on another connection: this transaction has dropped it, but every other session still sees it.
  const rule = await readForeignKey(
    database.pool,
    table,
    ({ constraint, from }) =>
      constraint === foreignKey.constraint && isSame(from, foreignKey.table),
  );
  if (!rule) return undefined;
  await beginBlaming(client, LOADED);
  // If the foreign key is NOT VALID, the violation is in a partition that has validated it for its own rows.
  const part = !rule.isValidated && schema && name ? { schema, name } : null;
  const isWhole = rule.fromIsPartitioned && !part;
  const rows = `${isWhole ? "" : "ONLY "}${quoteTable(part ?? rule.from)}`;
  return await findOrphans(client, table, rule, { rows });
}
