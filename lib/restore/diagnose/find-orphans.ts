/** Finds rows that refer to missing rows. */
import pg from "pg";
import { loadStatement, type RowBatch } from "../../postgres/copy/load-rows.ts";
import { type BlamedRows, blameRows } from "../../postgres/errors/blamed-rows.ts";
import { FOREIGN_KEY_VIOLATION } from "../../postgres/errors/sqlstate.ts";
import { checkForeignKey, type Side } from "../../postgres/find-violations.ts";
import { type ForeignKeyRule, readForeignKeyRules } from "../../postgres/foreign-key-rules.ts";
import { quoteTable } from "../../postgres/identifiers.ts";
import type { Load } from "../../postgres/load.ts";
import { readRowKeys } from "../../postgres/row-keys.ts";
import { describeKey } from "../../postgres/sample-values.ts";
import type { CatalogTable } from "../../schema/catalog.ts";
import type { TableName } from "../../shared/api.ts";
import { withProbeTable } from "./probe-table.ts";

export const isForeignKeyViolation = (error: unknown): error is pg.DatabaseError =>
  error instanceof pg.DatabaseError && error.code === FOREIGN_KEY_VIOLATION;

/** Reads a foreign key of a table or one of its partitions, as this connection sees it. */
export async function readForeignKey(
  client: pg.ClientBase | pg.Pool,
  { oid, partitions }: CatalogTable,
  isIt: (rule: ForeignKeyRule) => boolean,
): Promise<ForeignKeyRule | undefined> {
  const oids = [oid, ...partitions.map((partition) => partition.oid)];
  const rows = await readForeignKeyRules(client, oids);
  return rows.find((rule) => oids.includes(rule.fromOid) && isIt(rule));
}

/**
 * @param from the rows to search: of the table, or of a copy
 * @returns undefined if every row refers to an existing one
 */
export async function findOrphans(
  client: pg.ClientBase,
  table: CatalogTable,
  rule: ForeignKeyRule,
  from: Side,
): Promise<BlamedRows | undefined> {
  const [keys] = await readRowKeys(client, [{ table }]);
  const key = keys?.key?.columns ?? [];
  const to = `${rule.toIsPartitioned ? "" : "ONLY "}${quoteTable(rule.to)}`;
  const outcome = await checkForeignKey(client, rule, { from, to: { rows: to }, key });
  const found = outcome && "rows" in outcome ? outcome : null;
  const [first] = found?.rows ?? [];
  if (!found || !first) return undefined;
  const missing = describeKey(rule.columns, first.values);
  return {
    ...blameRows(key, found.rows, found.total),
    ...(missing !== undefined && { missing }),
  };
}

/** The same for a copy of a table, whose partitions may have foreign keys of their own. */
export async function findOrphansInCopy(
  client: pg.ClientBase,
  table: CatalogTable,
  copy: TableName,
  { constraint: name }: pg.DatabaseError,
): Promise<BlamedRows | undefined> {
  const rule = await readForeignKey(client, table, ({ constraint }) => constraint === name);
  if (!rule) return undefined;
  const { rows } = await client.query<{ filter: string | null }>(
    "SELECT pg_catalog.pg_get_partition_constraintdef($1) AS filter",
    [rule.fromOid],
  );
  const filter = rows[0]?.filter ?? undefined;
  return await findOrphans(client, table, rule, { rows: quoteTable(copy), filter });
}

/**
 * The same for a batch that failed to load because of a foreign key to a table that is not restored. Such a foreign key
 * is not dropped, so each batch is checked. Ends the load's transaction.
 */
export async function findOrphansInBatch(
  client: pg.ClientBase,
  { table, columns }: Load,
  batch: RowBatch,
  error: unknown,
): Promise<BlamedRows | undefined> {
  if (!isForeignKeyViolation(error)) return undefined;
  return await withProbeTable(client, table, ["GENERATED"], async (probe) => {
    await client.query(loadStatement(probe, columns).text, [batch.json]);
    return await findOrphansInCopy(client, table, probe, error);
  });
}
