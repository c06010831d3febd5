/** Finds which rule of a table rejects a row, if PostgreSQL does not name it. */
import pg from "pg";
import type { RowBatch } from "../../archive/batch-rows.ts";
import { ownSearchPath } from "../../postgres/connection/own-settings.ts";
import { loadStatement } from "../../postgres/copy/load-rows.ts";
import { type BlamedRows, blameRows } from "../../postgres/errors/blamed-rows.ts";
import { dropRemedy, partitionRemedy } from "../../postgres/errors/constraint-remedies.ts";
import { isWithoutPartition } from "../../postgres/errors/database-error.ts";
import { checkRows } from "../../postgres/find-violations.ts";
import { keyColumns, type Load } from "../../postgres/load.ts";
import { type RowRule, readTableRules } from "../../postgres/table-rules.ts";
import { findTooLarge } from "../../postgres/too-large.ts";
import { withProbeTable } from "./probe-table.ts";

export interface BrokenRule {
  blamed: BlamedRows;
  remedy: string;
}

/** No partition for a row, or an index or value that cannot be computed: PostgreSQL names no constraint for these. */
const isUnnamed = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError &&
  (isWithoutPartition(error) || /^(22|54|P0)/.test(error.code ?? ""));

/** @param load into the copy that contains the rows to insert */
export async function findBrokenRule(
  client: pg.ClientBase,
  load: Load,
  error: unknown,
): Promise<BrokenRule | undefined> {
  if (!isUnnamed(error)) return undefined;
  const wanted = isWithoutPartition(error) ? "partition" : "value";
  for (const rule of await readRowRules(client, load)) {
    if (rule.kind !== wanted) continue;
    const key = load.key?.columns ?? rule.columns;
    const [{ outcome = null } = {}] = await checkRows(client, { holder: load.into, key }, [rule]);
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

/**
 * Reads the rules for single rows of a table. With an empty search_path, conditions have qualified names, which are
 * valid under the role's own search_path too.
 */
export async function readRowRules(client: pg.ClientBase, load: Load): Promise<RowRule[]> {
  await client.query("SET LOCAL search_path = ''");
  const [ruled] = await readTableRules(client, [load]);
  await client.query(ownSearchPath(client));
  return ruled?.rules.rows ?? [];
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
