import type pg from "pg";
import { BackupError } from "../errors.ts";
import { leaveOut } from "../plan/exclusion.ts";
import type { PlannedLoad } from "../plan/load-plan.ts";
import type { BlamedRows } from "../postgres/blamed-rows.ts";
import { dropRemedy, findDropStatement } from "../postgres/constraint-remedies.ts";
import { keyInDetail, translateDatabaseError } from "../postgres/database-error.ts";
import type { MergedInto } from "../postgres/generated-columns.ts";
import {
  addMissingRows,
  type Merge,
  type MergedRows,
  overwriteRows,
} from "../postgres/merge-rows.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import { tableLabel } from "../shared/table-name.ts";
import { beginBlaming } from "./diagnose/begin-blaming.ts";
import { type BrokenRule, findBrokenRule } from "./diagnose/find-broken-rule.ts";
import { findRefusedRows, isCollision } from "./diagnose/refused-rows.ts";
import type { ReadPlan } from "./read-plan.ts";

/** Each load with its copy and its key, which a plan that can be carried out has. */
export const mergesOf = ({ loads, keys }: ReadPlan, copies: readonly CatalogTable[]) =>
  loads.flatMap((load, index): Array<Merge & { load: PlannedLoad }> => {
    const [key, copy] = [keys[index], copies[index]];
    return key && copy ? [{ load, live: load.table, copy, key, columns: load.columns }] : [];
  });

/** What tells the rows of a merge, by the oid of the table or partition that they are in. */
export const mergedInto = (merges: readonly Merge[]): Map<number, MergedInto> =>
  new Map(
    merges.flatMap(({ live, copy, key }) =>
      [live, ...live.partitions].map(({ oid }): [number, MergedInto] => [oid, { copy, key }]),
    ),
  );

const UNMERGED = "unmerged";

/**
 * Moves the copies' rows into the tables, and proves that each has got there.
 *
 * @returns by how many rows each table has grown, in the order of the loads
 * @throws BackupError CONSTRAINT_VIOLATED, LOAD_FAILED
 */
export async function mergeLoads(
  client: pg.ClientBase,
  plan: ReadPlan,
  copies: readonly CatalogTable[],
  signal: AbortSignal,
): Promise<number[]> {
  const grown: number[] = [];
  const isOverwriting = plan.scope.mode === "overwrite";
  const mergeRows = isOverwriting ? overwriteRows : addMissingRows;
  // To come back to: what has failed tells no row that a person could look up.
  await client.query(`SAVEPOINT ${UNMERGED}`);
  for (const { load, ...merge } of mergesOf(plan, copies)) {
    signal.throwIfAborted();
    const merged = await mergeRows(client, merge).catch(async (error: unknown) => {
      const failed = { load, merge, isOverwriting, error };
      const blamed = await findRefusedRows(client, failed, UNMERGED);
      const rule = await findRule(client, failed);
      throw translateMergeError(error, plan, load, merge, blamed ?? rule.blamed, rule.remedy);
    });
    requireAllMerged(load, merged, isOverwriting);
    grown.push(merged.inserted - merged.deleted);
  }
  await client.query(`RELEASE SAVEPOINT ${UNMERGED}`);
  return grown;
}

/** What is better to say than the usual, if anything. */
async function findRule(
  client: pg.ClientBase,
  { load, merge, error }: { load: PlannedLoad; merge: Merge; error: unknown },
): Promise<Partial<BrokenRule>> {
  try {
    await beginBlaming(client, UNMERGED);
    const drop = await findDropStatement(client, load.table, error);
    if (drop) return drop.isValid ? {} : { remedy: dropRemedy(drop) };
    return (await findBrokenRule(client, load, merge.copy, error)) ?? {};
  } catch {
    return {};
  }
}

/** Each row of the backup is either one that was there by its key, or new. */
function requireAllMerged(
  { archived, places }: PlannedLoad,
  { present, deleted, inserted }: MergedRows,
  isOverwriting: boolean,
): void {
  const given = places?.size ?? archived.rows;
  const expected = isOverwriting
    ? { deleted: present, inserted: given }
    : { deleted: 0, inserted: given - present };
  if (deleted === expected.deleted && inserted === expected.inserted) return;
  const { schema, name } = archived;
  throw new BackupError(
    "LOAD_FAILED",
    `${tableLabel(archived)} took ${inserted} rows and gave up ${deleted}, but ${expected.inserted} and ${expected.deleted} were to be. Nothing has changed.`,
    {
      hint: "Something in the database drops or adds rows on insert. Compare its rules with those of the time of the backup.",
      details: { table: { schema, name }, expected, merged: { deleted, inserted } },
    },
  );
}

function translateMergeError(
  error: unknown,
  { loads }: ReadPlan,
  { archived: { schema, name } }: PlannedLoad,
  { key }: Merge,
  blamed: BlamedRows | undefined,
  remedy: string | undefined,
): unknown {
  const table = { schema, name };
  const outcome = "Nothing has changed.";
  if (!isCollision(error)) {
    return translateDatabaseError(error, {
      fallback: "LOAD_FAILED",
      outcome,
      table,
      blamed,
      remedy,
    });
  }
  const { constraint, code: sqlState } = error;
  const repeated = keyInDetail(error);
  return new BackupError(
    "CONSTRAINT_VIOLATED",
    `A row of the backup and another row of ${tableLabel(table)}, which is not the same by its key (${key.columns.join(", ")}), cannot both be there (constraint ${constraint}). ${outcome}`,
    {
      hint:
        remedy ??
        "Change or remove the one that is there, leave this table or row out, or replace the whole table.",
      details: {
        sqlState,
        table,
        ...(!remedy &&
          leaveOut(
            [table],
            loads.map((load) => load.table),
          )),
        ...(blamed ?? (repeated && { key: repeated })),
        ...(constraint && { constraint }),
      },
      cause: error,
    },
  );
}
