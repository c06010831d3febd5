import { allColumns, type Column, mixed, type Row, type Table } from "./rendering.ts";
import { quoteText } from "./types.ts";

const literal = ({ type }: Column, value: string | null): string =>
  value === null ? "NULL" : `${quoteText(value)}::${type}`;

/** Inserts rows into any kind of table. */
function insertSql(table: Table, rows: readonly Row[]): string[] {
  if (rows.length === 0) return [];
  const columns = allColumns(table).filter(({ generated }) => !generated);
  if (columns.length === 0) return rows.map(() => `INSERT INTO ${table.name} DEFAULT VALUES`);
  const values = rows.map(
    (row) => `(${columns.map((column) => literal(column, column.value(row))).join(", ")})`,
  );
  const names = columns.map(({ name }) => name).join(", ");
  return [
    `INSERT INTO ${table.name} (${names}) OVERRIDING SYSTEM VALUE VALUES\n  ${values.join(",\n  ")}`,
  ];
}

/** Inserts all rows and sets every sequence beyond them, because a restore would rightly raise one that is behind. */
export function rowsSql(
  tables: readonly Table[],
  sequences: readonly string[],
  calls: readonly number[],
): string[] {
  return [
    ...tables.flatMap((table) => insertSql(table, table.rows)),
    ...tables.flatMap(({ model, sequences: own }) =>
      own
        .filter(({ column }) =>
          tables.some((table) => table.rows.length > 0 && allColumns(table).includes(column)),
        )
        .map(
          ({ value, isDescending }) =>
            `SELECT setval(${value}, ${isDescending ? -50 : 50}, ${model.rows.length % 2 === 1})`,
        ),
    ),
    `SELECT setval('public."the shared one"', 77)`,
    ...sequences.flatMap((sequence, index) =>
      Array.from({ length: calls[index] ?? 0 }, () => `SELECT nextval(${quoteText(sequence)})`),
    ),
  ];
}

/** Changes rows, whatever that breaks. */
export function messSql(
  tables: readonly Table[],
  sequences: readonly string[],
  populated: readonly string[],
): string[] {
  return [
    ...tables.flatMap(messOf),
    ...tables.flatMap((table) => table.sequences.map(({ value }) => `PERFORM nextval(${value})`)),
    ...[...sequences, 'public."the shared one"'].map(
      (sequence) => `PERFORM nextval(${quoteText(sequence)})`,
    ),
    ...populated.map((view) => `REFRESH MATERIALIZED VIEW ${view}`),
  ];
}

function messOf(table: Table): string[] {
  const { model, name, rows } = table;
  const only = model.kind.kind === "partitioned" ? name : `ONLY ${name}`;
  switch (model.mess) {
    case "delete all":
      return [`DELETE FROM ${only}`];
    case "delete one":
      return [`DELETE FROM ${only} WHERE ctid = (SELECT max(ctid) FROM ${only})`];
    case "update": {
      const column = table.columns.findLast(({ generated }) => !generated);
      const value = column && literal(column, column.value({ ordinal: 90, seed: 4711 }));
      return column ? [`UPDATE ${only} SET ${column.name} = ${value}`] : [];
    }
    case "insert":
      return insertSql(
        table,
        [1, 2].map((seed) => ({
          ordinal: rows.length + seed,
          seed: mixed(seed, seed).int(1, 1e9),
        })),
      );
    case "nothing":
      return [];
  }
}
