/** Finds the rows that make a merge fail. */
import pg from "pg";
import { ownSearchPath } from "../../postgres/connection/own-settings.ts";
import { type BlamedRows, blameRows } from "../../postgres/errors/blamed-rows.ts";
import {
  CHECK_VIOLATION,
  EXCLUSION_VIOLATION,
  FOREIGN_KEY_VIOLATION,
  NOT_NULL_VIOLATION,
  UNIQUE_VIOLATION,
} from "../../postgres/errors/sqlstate.ts";
import { checkRows } from "../../postgres/find-violations.ts";
import type { KeyedLoad } from "../../postgres/load.ts";
import { dropPresent, findCollisions } from "../../postgres/merge-rows.ts";
import { readRowKeys } from "../../postgres/row-keys.ts";
import { describeKey } from "../../postgres/sample-values.ts";
import { type RowRule, readTableRules } from "../../postgres/table-rules.ts";
import { beginBlaming } from "./begin-blaming.ts";
import { findOrphansInCopy } from "./find-orphans.ts";

/** A conflict between a row of the backup and another row with a different key. */
export const isCollision = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  (error.code === UNIQUE_VIOLATION || error.code === EXCLUSION_VIOLATION);

interface FailedMerge {
  load: KeyedLoad;
  isOverwriting: boolean;
  error: unknown;
}

/**
 * Finds the rows of the backup that a table rejects. After that, the transaction can only be rolled back.
 *
 * @param savepoint from before the merge
 * @returns undefined if they are not found. The error must be reported nevertheless.
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
  { load, isOverwriting }: FailedMerge,
  { constraint }: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  const [keys] = await readRowKeys(client, [load]);
  const unique = keys?.unique.find((it) => it.constraint === constraint);
  const rows = await findCollisions(client, load, isOverwriting, unique?.values ?? null);
  const [first] = rows;
  if (!first) return undefined;
  const { columns } = load.key;
  const conflictsWith = first.otherKey && describeKey(columns, first.otherKey);
  return {
    ...blameRows(columns, rows, first.total),
    ...(conflictsWith && { conflictsWith }),
  };
}

async function findViolating(
  client: pg.ClientBase,
  { load, isOverwriting }: FailedMerge,
  error: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  if (!isOverwriting) await dropPresent(client, load);
  // Read the rules under an empty search_path, so that every name is qualified. Evaluate them under the role's own.
  await client.query("SET LOCAL search_path = ''");
  const [ruled] = await readTableRules(client, [load]);
  await client.query(ownSearchPath(client));
  const suspects = ruled?.rules.rows.filter((rule) => isOf(rule, error)) ?? [];
  const { columns } = load.key;
  const checked = { holder: load.into, key: columns };
  for (const outcome of await checkRows(client, checked, suspects)) {
    if (!outcome || "sqlState" in outcome) continue;
    return blameRows(columns, outcome.rows, outcome.total);
  }
  return undefined;
}

/** The row refers to a table that is not restored, so the foreign key was not dropped. */
async function findReferring(
  client: pg.ClientBase,
  { load, isOverwriting }: FailedMerge,
  error: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  if (!isOverwriting) await dropPresent(client, load);
  return await findOrphansInCopy(client, load.table, load.into, error);
}

function isOf({ kind, constraint, columns }: RowRule, error: pg.DatabaseError): boolean {
  if (error.code === NOT_NULL_VIOLATION) return kind === "not-null" && columns[0] === error.column;
  // If the error names no constraint, there is no partition for the row.
  return error.constraint === undefined
    ? kind === "partition"
    : kind === "check" && constraint === error.constraint;
}
