import type { PartitionModel } from "./model.ts";
import { type Column, newName, type Rendering, type Table } from "./rendering.ts";

/** Creates a table and its partitions, after all its columns are known. */
export function createTable(rendering: Rendering, table: Table): void {
  const { create, features } = rendering;
  const { model, name, parents } = table;
  const partitions = model.kind.kind === "partitioned" ? model.kind.partitions : null;
  const dropped = model.columns
    .filter((column) => column.dropped)
    .map((_, index) => `"dropped ${index}"`);
  const columns = [...dropped.map((it) => `${it} int DEFAULT 1`), ...table.columns.map(define)];
  const inherits =
    parents.length > 0 ? ` INHERITS (${parents.map((it) => it.name).join(", ")})` : "";
  create.push(
    `CREATE ${table.isUnlogged ? "UNLOGGED " : ""}TABLE ${name} (${columns.join(", ")})${inherits}${partitions ? partitionBy(table, partitions) : ""}`,
    ...dropped.map((it) => `ALTER TABLE ${name} DROP COLUMN ${it}`),
  );
  if (dropped.length > 0) features.add("dropped column");
  if (partitions) addPartitions(rendering, table, name, partitions, 0);
  if (model.comment) create.push(`COMMENT ON TABLE ${name} IS 'it''s "a table"'`);
}

const define = ({ name, type, notNull, definition }: Column): string =>
  definition === "SERIAL"
    ? `${name} bigserial NOT NULL`
    : `${name} ${type} ${definition}${notNull ? " NOT NULL" : ""}`;

const partColumn = ({ columns }: Table): string =>
  columns.find(({ name }) => name.startsWith('"part'))?.name ?? "";

const partitionBy = (table: Table, { strategy }: PartitionModel): string =>
  ` PARTITION BY ${strategy} (${partColumn(table)})`;

function addPartitions(
  rendering: Rendering,
  table: Table,
  parent: string,
  { strategy, parts }: PartitionModel,
  depth: number,
): void {
  const { create, features } = rendering;
  features.add(`partitions by ${strategy}`);
  if (depth > 0) features.add("nested partitions");
  for (const [index, part] of parts.entries()) {
    const { name } = newName(rendering, part.schema, "part");
    const values = boundsOf(strategy, index, parts.length);
    const by = part.partitions ? partitionBy(table, part.partitions) : "";
    if (values === "DEFAULT") features.add("default partition");
    if (part.attached) {
      features.add("attached partition");
      // Define only what must match the parent.
      const columns = table.columns
        .map((column) => define(column.generated ? column : { ...column, definition: "" }))
        .toReversed();
      create.push(
        `CREATE TABLE ${name} ("not here" text, ${columns.join(", ")})${by}`,
        `ALTER TABLE ${name} DROP COLUMN "not here"`,
        `ALTER TABLE ${parent} ATTACH PARTITION ${name} ${values}`,
      );
    } else {
      create.push(`CREATE TABLE ${name} PARTITION OF ${parent} ${values}${by}`);
    }
    if (part.partitions) addPartitions(rendering, table, name, part.partitions, depth + 1);
    else table.leaves.push(name);
  }
}

/** Returns bounds with which every row fits a partition, whatever its values are. */
function boundsOf(strategy: PartitionModel["strategy"], index: number, count: number): string {
  if (strategy === "hash") return `FOR VALUES WITH (MODULUS ${count}, REMAINDER ${index})`;
  if (index === count - 1) return "DEFAULT";
  return strategy === "list"
    ? `FOR VALUES IN (${index}, ${index + 3}, ${index + 6})`
    : `FOR VALUES FROM (${index === 0 ? "MINVALUE" : index * 3}) TO (${index * 3 + 3})`;
}
