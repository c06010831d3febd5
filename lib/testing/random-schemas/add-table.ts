import { addColumn, addKeyColumn, addTypedColumn } from "./add-column.ts";
import type { TableModel } from "./model.ts";
import { quoteName } from "./names.ts";
import { allColumns, at, newName, type Rendering, type Table } from "./rendering.ts";

/** Adds a table with all columns except those of foreign keys. Does not create it yet. */
export function addTable(rendering: Rendering, model: TableModel, inRing: boolean): void {
  const { features, tables, names } = rendering;
  const { name, schema, bare } = newName(rendering, model.schema, model.name);
  const kind = model.kind;
  const possible = tables.filter((it) => it.model.kind.kind !== "partitioned");
  const parents =
    kind.kind === "heir" && possible.length > 0
      ? [...new Set(kind.parents.map((index) => at(possible, index)))]
      : [];
  const table: Table = {
    ...{
      model,
      name,
      schema,
      parents,
      columns: [],
      key: null,
      uniqueColumn: null,
      leaves: [],
      constraints: [],
      indexes: [],
      sequences: [],
    },
    isUnlogged: kind.kind === "plain" && kind.unlogged && !inRing,
    rows: model.rows.map((seed, ordinal) => ({ ordinal, seed })),
  };
  const key = model.key ?? (inRing ? DEFAULT_KEY : null);
  const keyColumns = key ? [addKeyColumn(rendering, table, key.type)] : [];
  if (key?.composite) {
    keyColumns.push(
      addColumn(rendering, table, "second", "text", ({ ordinal }) => `${ordinal % 3} " \\`),
    );
  }
  for (const column of model.columns) {
    if (!column.dropped) addTypedColumn(rendering, table, column);
  }
  if (kind.kind === "partitioned") {
    const part = addColumn(rendering, table, "part", "int4", ({ ordinal }) =>
      key || ordinal % 4 < 3 ? String((ordinal * 5) % 9) : null,
    );
    if (key) keyColumns.push(part);
  } else {
    addUnique(rendering, table);
    addExclusion(rendering, table);
  }
  addGenerated(rendering, table);
  addChecked(rendering, table);

  if (keyColumns.length > 0) {
    const isDeferrable = key?.deferrable && !inRing;
    for (const column of keyColumns) column.notNull = true;
    table.constraints.push(
      `PRIMARY KEY (${keyColumns.map((column) => column.name).join(", ")})${isDeferrable ? " DEFERRABLE INITIALLY DEFERRED" : ""}`,
    );
    if (keyColumns.length > 1) features.add("composite key");
    // In PostgreSQL, no foreign key can refer to a deferrable key.
    if (isDeferrable) features.add("deferrable key");
    else table.key = keyColumns;
  } else {
    features.add("no primary key");
  }
  if (parents.length > 0) features.add("inheritance");
  if (parents.length > 1) features.add("inheritance from two tables");
  if (table.isUnlogged) features.add("unlogged table");
  if (table.rows.length === 0) features.add("no rows");
  if (allColumns(table).length === 0) features.add("no columns");
  if (schema !== "public") features.add("several schemas");
  if (model.comment) features.add("comment");
  if (tables.some((other) => other.name.endsWith(`.${quoteName(bare)}`))) {
    features.add("one name in two schemas");
  }
  names.give("tables", bare);
  tables.push(table);
}

const DEFAULT_KEY = { type: "int8", composite: false, deferrable: false } as const;

function addUnique(rendering: Rendering, table: Table): void {
  const { unique } = table.model;
  if (!unique) return;
  rendering.features.add(`unique, ${unique}`);
  const isPartial = unique === "partial";
  const column = addColumn(rendering, table, "u", "int4", ({ ordinal }) =>
    isPartial && ordinal % 2
      ? "1"
      : unique === "nulls not distinct" && ordinal === 0
        ? null
        : String(100 + ordinal),
  );
  const clause = `(${column.name})`;
  if (isPartial) {
    table.indexes = [`CREATE UNIQUE INDEX ON ${table.name} ${clause} WHERE ${column.name} > 1`];
    return;
  }
  if (unique === "constraint") table.uniqueColumn = column;
  const kind = unique === "nulls not distinct" ? "UNIQUE NULLS NOT DISTINCT" : "UNIQUE";
  table.constraints.push(
    `${kind} ${clause}${unique === "deferred" ? " DEFERRABLE INITIALLY DEFERRED" : ""}`,
  );
}

function addExclusion(rendering: Rendering, table: Table): void {
  const { exclusion } = table.model;
  if (!exclusion) return;
  rendering.features.add(`exclusion, ${exclusion}`);
  const isPartial = exclusion === "partial";
  const { name } = addColumn(rendering, table, "during", "int4range", ({ ordinal }) =>
    isPartial && ordinal % 2 ? "[-9,-5)" : `[${ordinal * 10},${ordinal * 10 + 10})`,
  );
  table.constraints.push(
    `EXCLUDE USING gist (${name} WITH &&)${isPartial ? ` WHERE (lower(${name}) >= 0)` : ""}${exclusion === "deferred" ? " DEFERRABLE INITIALLY DEFERRED" : ""}`,
  );
}

function addGenerated(rendering: Rendering, table: Table): void {
  const { generated } = table.model;
  if (!generated) return;
  const base = addColumn(rendering, table, "base", "int4", ({ seed }) =>
    seed % 5 === 1 ? null : String(seed),
  );
  const column = addColumn(rendering, table, "generated", "int8", () => null);
  const kind = generated === "virtual" && rendering.major >= 18 ? "VIRTUAL" : "STORED";
  rendering.features.add(`${kind.toLowerCase()} column`);
  column.generated = true;
  column.definition = `GENERATED ALWAYS AS (${base.name}::int8 * 2 - 1) ${kind}`;
}

function addChecked(rendering: Rendering, table: Table): void {
  const { check } = table.model;
  if (!check) return;
  rendering.features.add(`${check} check`);
  const { name } = addColumn(rendering, table, "checked", "int4", ({ seed }) =>
    check === "valid" || seed % 2 ? "1" : "-1",
  );
  table.constraints.push(`CHECK (${name} > 0)${check === "valid" ? "" : " NOT VALID"}`);
}
