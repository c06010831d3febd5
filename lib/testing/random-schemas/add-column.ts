import type { ColumnModel, KeyType } from "./model.ts";
import { quoteName } from "./names.ts";
import {
  at,
  type Column,
  mixed,
  newName,
  type Rendering,
  type Row,
  type Table,
} from "./rendering.ts";
import { type ColumnType, notNull, partsOf, typeName, valueFor } from "./types.ts";

/** Adds a column. Its name is unique in the schema, because a table may inherit from any two others. */
export function addColumn(
  { names }: Rendering,
  { columns }: Table,
  wanted: string,
  type: string,
  value: (row: Row) => string | null,
): Column {
  const name = quoteName(names.give("columns", wanted));
  const column: Column = { name, type, value, notNull: false, definition: "", generated: false };
  columns.push(column);
  return column;
}

export function addKeyColumn(rendering: Rendering, table: Table, type: KeyType): Column {
  const { features, names, create } = rendering;
  const integer = (definition: string, isDescending = false): Column => {
    const column = addColumn(rendering, table, "id", "int8", ({ ordinal }) =>
      String(isDescending ? -1 - ordinal : 1 + ordinal),
    );
    column.definition = definition;
    return column;
  };
  const drawsFromOwn = (column: Column, isDescending = false): Column => {
    const arguments_ = [table.name, column.name.slice(1, -1)].map((it) => `$n$${it}$n$`).join(", ");
    table.sequences.push({ value: `pg_get_serial_sequence(${arguments_})`, column, isDescending });
    return column;
  };
  switch (type) {
    case "int8":
      return integer("");
    case "identity always":
    case "identity by default":
      features.add(type);
      return drawsFromOwn(integer(`GENERATED ${type.slice("identity ".length)} AS IDENTITY`));
    case "descending":
      features.add("descending sequence");
      return drawsFromOwn(integer("GENERATED ALWAYS AS IDENTITY (INCREMENT -1)", true), true);
    case "serial": {
      features.add(type);
      const column = drawsFromOwn(integer(""));
      column.definition = "SERIAL";
      return column;
    }
    case "shared":
      features.add(
        names.give("once", "shared sequence") === "shared sequence"
          ? "sequence of a default"
          : "shared sequence",
      );
      return integer("DEFAULT nextval('public.\"the shared one\"')");
    case "text":
      return addColumn(
        rendering,
        table,
        "id",
        "text",
        ({ ordinal }) => `${at(TEXT_KEYS, ordinal)}${ordinal}`,
      );
    case "uuid":
      return addColumn(
        rendering,
        table,
        "id",
        "uuid",
        ({ ordinal }) => `00000000-0000-4000-8000-${String(ordinal).padStart(12, "0")}`,
      );
    case "domain": {
      const { name } = newName(rendering, 1, "key domain");
      create.push(`CREATE DOMAIN ${name} AS numeric CHECK (VALUE > 0)`);
      return addColumn(
        rendering,
        table,
        "id",
        name,
        ({ ordinal }) => `${ordinal + 1}.${"0".repeat(ordinal % 3)}1`,
      );
    }
  }
}

const TEXT_KEYS = ["", "a", "A", "ä", '"', "\\", "'", "\n", "😀", "{", "NULL"];

export function addTypedColumn(rendering: Rendering, table: Table, model: ColumnModel): void {
  const { features, create } = rendering;
  const parts = partsOf(model.type);
  const type = typeName(model.type, (sql) => {
    const { name } = newName(rendering, table.columns.length, "a type");
    create.push(sql(name));
    return name;
  });
  const value = ({ seed }: Row) => {
    const random = seed === 0 ? null : mixed(model.seed, seed);
    const text = model.notNull ? notNull(model.type, random) : valueFor(model.type, random);
    if (text !== null) for (const part of parts) features.add(featureOf(part));
    if (text?.startsWith("[") && text.includes("]={")) features.add("lower bound of an array");
    return text;
  };
  addColumn(rendering, table, model.name, type, value).notNull = model.notNull;
}

function featureOf(type: ColumnType): string {
  switch (type.kind) {
    case "scalar":
      return `type ${type.name}`;
    case "array":
      return `array of ${type.of.kind}`;
    case "domain":
      return `domain over ${type.over.kind}`;
    case "composite":
      return type.fields.some(({ kind }) => kind !== "scalar") ? "nested composite" : "composite";
    case "range":
      return type.multi ? "multirange" : "range";
    case "enum":
      return type.kind;
  }
}
