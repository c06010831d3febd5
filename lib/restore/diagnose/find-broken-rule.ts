/** Finds which rule of a table rejects a row, if PostgreSQL does not name it. */
import pg from "pg";
import { ownSearchPath } from "../../postgres/connection/own-settings.ts";
import { loadStatement, type RowBatch } from "../../postgres/copy/load-rows.ts";
import { type BlamedRows, blameRows } from "../../postgres/errors/blamed-rows.ts";
import { dropRemedy, partitionRemedy } from "../../postgres/errors/constraint-remedies.ts";
import { isWithoutPartition } from "../../postgres/errors/database-error.ts";
import { checkRows } from "../../postgres/find-violations.ts";
import { keyColumns, type Load } from "../../postgres/load.ts";
import { readTableRules } from "../../postgres/table-rules.ts";
import { findTooLarge } from "../../postgres/too-large.ts";
import { withProbeTable } from "./probe-table.ts";

export interface BrokenRule {
  blamed: BlamedRows;
  remedy: string;
}

/**
 * Whether there is no partition for a row, or an index or value cannot be computed. PostgreSQL names no constraint for
 * these.
 */
const isUnnamed = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  (isWithoutPartition(error) || /^(22|54|P0)/.test(error.code ?? ""));

/**
 * @param load into the copy that contains the rows to insert
 * @returns undefined if no such rule is found
 */
export async function findBrokenRule(
  client: pg.ClientBase,
  load: Load,
  error: unknown,
): Promise<BrokenRule | undefined> {
  if (!isUnnamed(error)) return undefined;
  // With an empty search_path, conditions are read with qualified names, which are valid under every search_path.
  await client.query("SET LOCAL search_path = ''");
  const [ruled] = await readTableRules(client, [load]);
  if (!ruled) return undefined;
  await client.query(ownSearchPath(client));
  const wanted = isWithoutPartition(error) ? "partition" : "value";
  const suspects = ruled.rules.rows.filter(({ kind }) => kind === wanted);
  for (const rule of suspects) {
    const key = load.key?.columns ?? rule.columns;
    const [outcome] = await checkRows(client, { holder: load.into, key }, [rule]);
    if (outcome && "rows" in outcome) {
      return {
        blamed: blameRows(key, outcome.rows, outcome.total),
        remedy: partitionRemedy(load.table),
      };
    }
    if (outcome?.sqlState === error.code && rule.drop)
      return { blamed: {}, remedy: dropRemedy(rule.drop) };
  }
  if (error.code === "54000") {
    const key = keyColumns(load);
    const [large] = await findTooLarge(client, load);
    if (large) {
      const blamed = large.key ? blameRows(key, [{ key: large.key }], null) : {};
      return { blamed, remedy: dropRemedy(large.drop) };
    }
  }
  return undefined;
}

/** The same for a batch that failed to load. Ends the load's transaction. */
export async function findBrokenRuleInBatch(
  client: pg.ClientBase,
  load: Load,
  batch: RowBatch,
  error: unknown,
): Promise<BrokenRule | undefined> {
  if (!isUnnamed(error)) return undefined;
  return await withProbeTable(client, load.table, ["GENERATED"], async (probe) => {
    await client.query(loadStatement(probe, load.columns).text, [batch.json]);
    return await findBrokenRule(client, { ...load, into: probe }, error);
  });
}
