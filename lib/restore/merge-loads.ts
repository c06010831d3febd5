import type pg from "pg";
import { BackupError } from "../errors.ts";
import { leaveOut } from "../plan/exclusion.ts";
import type { BlamedRows } from "../postgres/errors/blamed-rows.ts";
import { dropRemedy, findDropStatement } from "../postgres/errors/constraint-remedies.ts";
import { keyInDetail, translateDatabaseError } from "../postgres/errors/database-error.ts";
import { isKeyed, type KeyedLoad, type Load } from "../postgres/load.ts";
import { type MergedRows, mergeRows } from "../postgres/merge-rows.ts";
import { tableLabel } from "../shared/table-name.ts";
import { beginBlaming } from "./diagnose/begin-blaming.ts";
import { type BrokenRule, findBrokenRule } from "./diagnose/find-broken-rule.ts";
import { findRefusedRows, isCollision } from "./diagnose/refused-rows.ts";

const UNMERGED = "unmerged";

interface MergeOptions {
  /** Existing rows with the same key are replaced. Otherwise they stay as they are. */
  isOverwriting: boolean;
  signal: AbortSignal;
}

/**
 * Merges the copies' rows into the tables, and checks that none is missing.
 *
 * @returns each load, with the number of rows by which its table has grown
 * @throws BackupError CONSTRAINT_VIOLATED, LOAD_FAILED
 */
export async function mergeLoads<L extends Load>(
  client: pg.ClientBase,
  loads: readonly L[],
  { isOverwriting, signal }: MergeOptions,
): Promise<Array<L & { grownBy: number }>> {
  const done: Array<L & { grownBy: number }> = [];
  // After a failure, the search for the failing rows starts here.
  await client.query(`SAVEPOINT ${UNMERGED}`);
  for (const load of loads) {
    if (!isKeyed(load)) throw new Error("a table without a key cannot be merged");
    signal.throwIfAborted();
    const merged = await mergeRows(client, load, isOverwriting).catch(async (error: unknown) => {
      const failed = { load, isOverwriting, error };
      const refused = await findRefusedRows(client, failed, UNMERGED);
      const rule = await findRule(client, failed);
      const blamed = refused ?? rule.blamed;
      throw translateMergeError(error, loads, load, { blamed, remedy: rule.remedy });
    });
    requireAllMerged(load, merged, isOverwriting);
    done.push({ ...load, grownBy: merged.inserted - merged.deleted });
  }
  await client.query(`RELEASE SAVEPOINT ${UNMERGED}`);
  return done;
}

/** Finds details that PostgreSQL's error lacks, if there are any. */
async function findRule(
  client: pg.ClientBase,
  { load, error }: { load: KeyedLoad; error: unknown },
): Promise<Partial<BrokenRule>> {
  try {
    await beginBlaming(client, UNMERGED);
    const drop = await findDropStatement(client, load.table, error);
    if (drop) return drop.isValid ? {} : { remedy: dropRemedy(drop) };
    return (await findBrokenRule(client, load, error)) ?? {};
  } catch {
    return {};
  }
}

/** Checks that each row of the backup either existed with its key, or was inserted. */
function requireAllMerged(
  { archived, places }: Load,
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
    `${tableLabel(archived)} took ${inserted} rows and gave up ${deleted}, but ${expected.inserted} and ${expected.deleted} were to be. Nothing was changed.`,
    {
      hint: "Something in the database drops or adds rows on insert. Compare its rules with those of the time of the backup.",
      details: { table: { schema, name }, expected, merged: { deleted, inserted } },
    },
  );
}

function translateMergeError(
  error: unknown,
  loads: readonly Load[],
  { archived: { schema, name }, key }: KeyedLoad,
  { blamed, remedy }: { blamed: BlamedRows | undefined; remedy: string | undefined },
): unknown {
  const table = { schema, name };
  const outcome = "Nothing was changed.";
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
        "Change or remove the existing row, leave this table or row out, or replace the whole table.",
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
