import pg from "pg";
import { FIXED_SETTINGS, ownSettings } from "../postgres/connection/own-settings.ts";
import {
  type AsideConstraint,
  type AsideConstraints,
  validateConstraint,
} from "../postgres/constraints.ts";
import type { BlamedRows } from "../postgres/errors/blamed-rows.ts";
import { blameRows } from "../postgres/errors/blamed-rows.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import { checkRows } from "../postgres/find-violations.ts";
import type { Load } from "../postgres/load.ts";
import { checkRule, domainRule } from "../postgres/table-rules.ts";
import type { TableName } from "../shared/api.ts";
import { tableKey } from "../shared/table-name.ts";
import { beginBlaming } from "./diagnose/begin-blaming.ts";

const LOADED = "loaded";

/**
 * After all rows are loaded, validates the constraints again that were valid before and may depend on other rows.
 *
 * @throws BackupError CONSTRAINT_VIOLATED with the keys of rows, LOAD_FAILED
 */
export async function validateConstraints(
  client: pg.ClientBase,
  loads: readonly Load[],
  { dropped }: AsideConstraints,
  signal: AbortSignal,
): Promise<void> {
  const valid = dropped.filter(({ isValidated }) => isValidated);
  if (valid.length === 0) return;
  // Their functions may need the role's own settings, as on any insert by the app.
  await client.query(`${ownSettings(client)}; SAVEPOINT ${LOADED}`);
  for (const constraint of valid) {
    signal.throwIfAborted();
    await validateConstraint(client, constraint).catch(async (error: unknown) => {
      throw translateDatabaseError(error, {
        fallback: "LOAD_FAILED",
        outcome: "Nothing was changed.",
        table: constraint.isOfDomain ? undefined : constraint.table,
        constraint: constraint.constraint,
        // A violation has its own remedy, and so has a name that is not found.
        ...(isRaised(error) && {
          remedy: `A function that ${constraint.constraint} calls raises an error for rows of the backup. Drop the constraint, restore, correct the rows, and add it again.`,
        }),
        // Finding the rows is optional. If the search fails, report the error without them.
        blamed: await blame(client, loads, constraint, error).catch(() => undefined),
      });
    });
  }
  await client.query(`RELEASE SAVEPOINT ${LOADED}; ${FIXED_SETTINGS}`);
}

const isRaised = (error: unknown): boolean =>
  error instanceof pg.DatabaseError && /^(?:P0|22)/.test(error.code ?? "");

async function blame(
  client: pg.ClientBase,
  loads: readonly Load[],
  { table, constraint, expression, isOfDomain }: AsideConstraint,
  error: unknown,
): Promise<BlamedRows | undefined> {
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const { schema = "", table: name = "", column = "" } = error;
  const relation = isOfDomain ? { schema, name } : table;
  const key = loads.find((load) => holds(load.table, relation))?.key;
  if (!key) return undefined;
  await beginBlaming(client, LOADED);
  const rule = isOfDomain
    ? domainRule(constraint, expression, column)
    : checkRule(constraint, [], expression);
  const checked = { holder: relation, key: key.columns };
  const [outcome] = await checkRows(client, checked, [rule]);
  if (!outcome || "sqlState" in outcome) return undefined;
  return blameRows(key.columns, outcome.rows, outcome.total);
}

const holds = (
  table: TableName & { partitions: readonly TableName[] },
  relation: TableName,
): boolean => [table, ...table.partitions].some((it) => tableKey(it) === tableKey(relation));
