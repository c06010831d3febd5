/** Which rows a merge has failed upon. */
import pg from "pg";
import type { PlannedLoad } from "../../plan/load-plan.ts";
import { type BlamedRows, blameRows } from "../../postgres/blamed-rows.ts";
import {
  CHECK_VIOLATION,
  EXCLUSION_VIOLATION,
  FOREIGN_KEY_VIOLATION,
  NOT_NULL_VIOLATION,
  UNIQUE_VIOLATION,
} from "../../postgres/database-error.ts";
import { checkRows } from "../../postgres/find-violations.ts";
import { dropPresent, findCollisions, type Merge } from "../../postgres/merge-rows.ts";
import { ownSearchPath } from "../../postgres/own-settings.ts";
import { readRowKeys } from "../../postgres/row-keys.ts";
import { describeKey } from "../../postgres/sample-values.ts";
import { type RowRule, readTableRules } from "../../postgres/table-rules.ts";
import { beginBlaming } from "./begin-blaming.ts";
import { findOrphansInCopy } from "./find-orphans.ts";

/** Of a row of the backup and another one that is not the same by its key. */
export const isCollision = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  (error.code === UNIQUE_VIOLATION || error.code === EXCLUSION_VIOLATION);

interface FailedMerge {
  load: PlannedLoad;
  merge: Merge;
  isOverwriting: boolean;
  error: unknown;
}

/**
 * Finds the rows of the backup that a table does not take. The transaction can only be rolled back then.
 *
 * @param savepoint of before the merge
 * @returns undefined where they are not found: to know them is a help, and must not hide the error itself
 */
export async function findRefusedRows(
  client: pg.ClientBase,
  failed: FailedMerge,
  savepoint: string,
): Promise<BlamedRows | undefined> {
  const { error } = failed;
  if (!(error instanceof pg.DatabaseError)) return undefined;
  const find = FINDERS[error.code ?? ""];
  if (!find) return undefined;
  try {
    await beginBlaming(client, savepoint);
    return await find(client, failed, error);
  } catch {
    return undefined;
  }
}

type Find = (
  client: pg.ClientBase,
  failed: FailedMerge,
  error: pg.DatabaseError,
) => Promise<BlamedRows | undefined>;

const FINDERS: Record<string, Find> = {
  [UNIQUE_VIOLATION]: findColliding,
  [EXCLUSION_VIOLATION]: findColliding,
  [CHECK_VIOLATION]: findViolating,
  [NOT_NULL_VIOLATION]: findViolating,
  [FOREIGN_KEY_VIOLATION]: findReferring,
};

async function findColliding(
  client: pg.ClientBase,
  { load, merge, isOverwriting }: FailedMerge,
  { constraint }: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  const [keys] = await readRowKeys(client, [load]);
  const unique = keys?.unique.find((it) => it.constraint === constraint);
  const rows = await findCollisions(client, merge, isOverwriting, unique?.values ?? null);
  const [first] = rows;
  if (!first) return undefined;
  const { columns } = merge.key;
  const conflictsWith = first.otherKey && describeKey(columns, first.otherKey);
  return {
    ...blameRows(columns, rows, first.total),
    ...(conflictsWith && { conflictsWith }),
  };
}

async function findViolating(
  client: pg.ClientBase,
  { load, merge, isOverwriting }: FailedMerge,
  error: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  if (!isOverwriting) await dropPresent(client, merge);
  // Conditions come out with names that hold under every search_path, and are evaluated under the role's own.
  await client.query("SET LOCAL search_path = ''");
  const [rules] = await readTableRules(client, [load]);
  await client.query(ownSearchPath(client));
  const suspects = rules?.rows.filter((rule) => isOf(rule, error)) ?? [];
  const { columns } = merge.key;
  const checked = { shadow: merge.copy, key: columns };
  for (const outcome of await checkRows(client, checked, suspects)) {
    if (!outcome || "sqlState" in outcome) continue;
    return blameRows(columns, outcome.rows, outcome.total);
  }
  return undefined;
}

/** To a table that is not restored: that foreign key stays. */
async function findReferring(
  client: pg.ClientBase,
  { load: { table }, merge, isOverwriting }: FailedMerge,
  error: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  if (!isOverwriting) await dropPresent(client, merge);
  return await findOrphansInCopy(client, table, merge.copy, error);
}

function isOf({ kind, constraint, columns }: RowRule, error: pg.DatabaseError): boolean {
  if (error.code === NOT_NULL_VIOLATION) return kind === "not-null" && columns[0] === error.column;
  // Without a name: a row for which there is no partition.
  return error.constraint === undefined
    ? kind === "partition"
    : kind === "check" && constraint === error.constraint;
}
