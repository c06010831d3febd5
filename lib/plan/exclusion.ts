import { BackupError } from "../errors.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import type { Exclusion, LeaveOut, TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";

/** A predicate: true for tables that are named themselves or through their schema. */
export function matcherOf(names: readonly Exclusion[] = []): (it: TableName) => boolean {
  const schemas = new Set(names.filter(({ name }) => name === undefined).map((it) => it.schema));
  const tables = new Set(names.filter(isTable).map(tableKey));
  return (it) => schemas.has(it.schema) || tables.has(tableKey(it));
}

/**
 * @param among everything that was to be restored or backed up
 * @returns a part of an error's `details`; empty if no other table would remain
 */
export function whatToLeaveOut(
  tables: readonly TableName[],
  among: readonly TableName[],
): { leaveOut?: LeaveOut } {
  const isOut = matcherOf(tables);
  const kept = new Set(among.filter((it) => !isOut(it)).map(({ schema }) => schema));
  if (tables.length === 0 || kept.size === 0) return {};
  const bySchema = Map.groupBy(tables, ({ schema }) => schema);
  const schemas = [...bySchema.keys()];
  // The app's own tables are in public, so do not suggest leaving out all of them.
  const isOthers = (schema: string) =>
    schema !== "public" && (bySchema.get(schema)?.length ?? 0) > 1 && kept.size > 1;
  const partSchemas = schemas.filter((schema) => kept.has(schema) && isOthers(schema));
  return {
    leaveOut: {
      tables: tables.map(nameOf),
      wholeSchemas: schemas.filter((schema) => !kept.has(schema)),
      ...(partSchemas.length > 0 && { partSchemas }),
    },
  };
}

interface Known {
  tables: readonly TableName[];
  sequences: readonly TableName[];
  /** Tables whose partitions cannot be named here. */
  roots: readonly CatalogTable[];
}

/**
 * Refuses a table that nothing has, and a schema without tables and sequences.
 *
 * @param lacks builds the sentence that says what is missing
 * @throws BackupError REQUEST_INVALID
 */
export function requireKnown(
  names: readonly Exclusion[],
  { tables, sequences, roots }: Known,
  lacks: (things: string) => string,
): void {
  const known = new Set(tables.map(tableKey));
  const schemas = new Set([...tables, ...sequences].map(({ schema }) => schema));
  const unknown = names.filter((it) =>
    isTable(it) ? !known.has(tableKey(it)) : !schemas.has(it.schema),
  );
  if (unknown.length === 0) return;
  const missing = unknown.filter(isTable).map(tableLabel);
  const empty = unknown.filter((it) => !isTable(it)).map(({ schema }) => schema);
  const things = [
    ...(missing.length > 0 ? [`table ${formatSome(missing)}`] : []),
    ...(empty.length > 0 ? [`schema ${empty.join(", ")} with tables`] : []),
  ];
  const isNamed = (it: TableName) =>
    unknown.some((name) =>
      isTable(name) ? tableKey(name) === tableKey(it) : name.schema === it.schema,
    );
  const above = roots.filter(({ partitions }) => partitions.some(isNamed)).map(tableLabel);
  // If a table is named without its schema, it looks like the name of a schema.
  const meant = tables.filter(({ name }) => empty.includes(name)).map(tableLabel);
  const hint =
    above.length > 0
      ? `There are only partitions of ${formatSome(above)}, which go with their table. Name ${formatSome(above)} instead.`
      : meant.length > 0
        ? `A table is named with its schema: ${[...new Set(meant)].slice(0, 5).join(", ")}.`
        : "Name tables as schema.name, or a schema alone, in the spelling of the database. A partition is part of its partitioned table.";
  throw new BackupError("REQUEST_INVALID", lacks(things.join(" or ")), {
    hint,
    details: { tables: unknown },
  });
}

const isTable = (it: Exclusion): it is TableName => it.name !== undefined;
