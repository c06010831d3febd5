import type pg from "pg";
import { quoteIdentifier, quoteTable } from "../../postgres/identifiers.ts";
import type { Load } from "../../postgres/load.ts";
import { tryStatement } from "../../postgres/savepoint.ts";
import type { TableRules } from "../../postgres/table-rules.ts";
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import { heirsOf } from "../../schema/heirs.ts";
import { readUserViews } from "../../schema/user-functions.ts";
import type { TableName } from "../../shared/api.ts";
import { nameOf, tableKey } from "../../shared/table-name.ts";
import { namesIn, type Redirected, replaceNames } from "./sql-names.ts";

interface Definition extends TableName {
  sql: string;
}

/** Views of the copies, with the names of tables, partitions and views. Created on demand. */
export class RelationCopies {
  readonly #client: pg.ClientBase;
  /** The schema of the copies. */
  readonly #place: string;
  readonly #definitions: readonly Definition[];
  readonly views: readonly Definition[];
  readonly #made = new Map<Definition, Redirected>();

  constructor(
    client: pg.ClientBase,
    place: string,
    relations: readonly Definition[],
    views: readonly Definition[],
  ) {
    this.#client = client;
    this.#place = place;
    this.#definitions = [...relations, ...views];
    this.views = views;
  }

  async namedIn(text: string): Promise<Redirected[]> {
    const found: Redirected[] = [];
    for (const definition of this.#definitions)
      if (namesIn(text, definition)) found.push(await this.#make(definition));
    return found;
  }

  /**
   * The view has the relation's name, so that column references remain valid. A temporary one is also found without a
   * schema.
   */
  async #make(definition: Definition): Promise<Redirected> {
    const made = this.#made.get(definition);
    if (made) return made;
    const { schema, name, sql } = definition;
    const isTaken = [...this.#made.keys()].some((it) => it.name === name);
    const copy = quoteTable({
      schema: this.#place,
      name: isTaken ? `rehearsal_view_${this.#made.size + 1}` : name,
    });
    const isBare = this.#place === "pg_temp" && !isTaken;
    const redirected = { schema, name, copy, isBare, isThere: true };
    this.#made.set(definition, redirected);
    const text = replaceNames(sql, await this.namedIn(sql));
    const refused = await tryStatement(this.#client, `CREATE VIEW ${copy} AS ${text}`);
    redirected.isThere = refused === null;
    return redirected;
  }
}

/** @param client with an empty search_path, so that every name is read schema-qualified */
export async function copiesOf(
  client: pg.ClientBase,
  loads: ReadonlyArray<Load & { rules: Pick<TableRules, "partitions"> }>,
  { tables }: Catalog,
): Promise<RelationCopies> {
  const copies = new Map(loads.map(({ table, into }) => [tableKey(table), into]));
  // A SELECT from a parent also returns the rows of tables that inherit from it.
  const parents = tables.flatMap((table): Definition[] => {
    const family = [table, ...heirsOf(table, tables)];
    if (family.length === 1 || !family.some((it) => copies.has(tableKey(it)))) return [];
    const sql = family
      .map((it) => selectFrom(table, copies.get(tableKey(it)) ?? it))
      .join(" UNION ALL ");
    return [{ ...nameOf(table), sql }];
  });
  const isParent = new Set(parents.map(tableKey));
  const plain = loads
    .filter(({ table }) => !isParent.has(tableKey(table)))
    .map(({ table, into }) => ({ ...nameOf(table), sql: selectFrom(table, into) }));
  const partitions = loads.flatMap(({ table, into, rules }) =>
    table.partitions.map((it) => ({
      ...nameOf(it),
      sql: `${selectFrom(table, into)} WHERE ${rules.partitions.get(it.oid) ?? "true"}`,
    })),
  );
  const views = (await readUserViews(client)).map(({ definition, ...view }) => ({
    ...view,
    sql: definition,
  }));
  const place = loads[0]?.into.schema ?? "pg_temp";
  return new RelationCopies(client, place, [...plain, ...parents, ...partitions], views);
}

const selectFrom = ({ columns }: CatalogTable, from: TableName): string =>
  `SELECT ${columns.map(({ name }) => quoteIdentifier(name)).join(", ")} FROM ONLY ${quoteTable(from)}`;
