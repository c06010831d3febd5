/** Finds tables whose rows would be overwritten, but from which PostgreSQL prevents deletion. */
import pg from "pg";
import type { Archive } from "../../archive/archive.ts";
import { freeOwn } from "../../own-memory.ts";
import { batchRows, chosenRows, readStatement } from "../../postgres/copy/load-rows.ts";
import { quoteIdentifier } from "../../postgres/identifiers.ts";
import { isKeyed, type KeyedLoad, type Load } from "../../postgres/load.ts";
import { sameKey } from "../../postgres/merge-rows.ts";
import { type RefusedChange, readRefusedChanges } from "../../postgres/publications.ts";
import type { RowKey } from "../../postgres/row-keys.ts";
import { rowsOf } from "../../postgres/rows-of.ts";
import { apart } from "../../postgres/savepoint.ts";

/**
 * A table is only affected if it contains a row with a key from the backup: otherwise nothing is deleted. So this must
 * read the archive's rows.
 */
export async function findUndeletable(
  client: pg.ClientBase,
  archive: Pick<Archive, "readTable">,
  loads: readonly Load[],
): Promise<RefusedChange[]> {
  const refused = await readRefusedChanges(client, loads, "DELETE");
  const found: RefusedChange[] = [];
  for (const load of loads.filter(isKeyed)) {
    const { oid, canSelect, hidesRows, isLocked } = load.table;
    const ofLoad = refused.filter(({ root }) => root === oid);
    // Another check names tables that the role may not read. Locked tables are examined by the restore itself, when it
    // has the lock.
    if (ofLoad.length === 0 || !canSelect || hidesRows || isLocked) continue;
    if (await isAnyThere(client, archive, load)) found.push(...ofLoad);
  }
  return found;
}

async function isAnyThere(
  client: pg.ClientBase,
  archive: Pick<Archive, "readTable">,
  { archived, table, columns, places, key }: KeyedLoad,
): Promise<boolean> {
  const live = rowsOf(table);
  const { rows } = await client.query(`SELECT FROM ${live} l LIMIT 1`);
  if (rows.length === 0) return false;
  const computed = await readComputed(client, table.oid, key);
  // A computed column of the key may need any column, so read all.
  const needed =
    computed.size > 0 ? columns : columns.filter(({ name }) => key.columns.includes(name));
  const values = key.columns.map(
    (name) => `${computed.get(name) ?? quoteIdentifier(name)} AS ${quoteIdentifier(name)}`,
  );
  const sql = `SELECT EXISTS (SELECT FROM ${live} l
    JOIN (SELECT ${values.join(", ")} FROM (${readStatement(needed)}) r) c ON ${sameKey(key, "l", "c")}) AS found`;
  for await (const batch of batchRows(archive.readTable(archived))) {
    for (const some of places ? chosenRows(batch, places) : [batch])
      if (await isFound(client, sql, some.json)) return true;
    freeOwn(batch.json);
  }
  return false;
}

/** Reads the expressions of the key's generated columns. */
async function readComputed(
  client: pg.ClientBase,
  oid: number,
  { columns }: RowKey,
): Promise<Map<string, string>> {
  const { rows } = await client.query<{ name: string; expression: string }>(
    `SELECT a.attname AS name, '(' || pg_get_expr(d.adbin, d.adrelid) || ')' AS expression
     FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = $1 AND a.attgenerated <> '' AND a.attname = ANY ($2)`,
    [oid, columns],
  );
  return new Map(rows.map(({ name, expression }) => [name, expression]));
}

/** A row whose value the column rejects cannot be in the table. The restore reports it. */
async function isFound(client: pg.ClientBase, sql: string, json: Buffer): Promise<boolean> {
  try {
    return await apart(client, async () => {
      const { rows } = await client.query<{ found: boolean }>(sql, [json]);
      return rows[0]?.found ?? false;
    });
  } catch (error) {
    if (!(error instanceof pg.DatabaseError) || !/^(22|23|42|P0)/.test(error.code ?? ""))
      throw error;
    return false;
  }
}
