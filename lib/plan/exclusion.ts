import { BackupError } from "../errors.ts";
import type { Exclusion, LeaveOut, TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";

/** Whether something was left out: by its own name, or with all that its schema holds. */
export function exclusionOf(exclude: readonly Exclusion[] = []): (it: TableName) => boolean {
  const schemas = new Set(exclude.filter(({ name }) => name === undefined).map((it) => it.schema));
  const tables = new Set(exclude.filter(isTable).map(tableKey));
  return (it) => schemas.has(it.schema) || tables.has(tableKey(it));
}

/**
 * @param among all that were to be restored, or backed up
 * @returns for an error's `details`; nothing where no other table would be left
 */
export function leaveOut(
  tables: readonly TableName[],
  among: readonly TableName[],
): { leaveOut?: LeaveOut } {
  const isOut = exclusionOf(tables);
  const kept = new Set(among.filter((it) => !isOut(it)).map(({ schema }) => schema));
  if (tables.length === 0 || kept.size === 0) return {};
  const schemas = new Set(tables.map(({ schema }) => schema));
  return {
    leaveOut: {
      tables: tables.map(({ schema, name }) => ({ schema, name })),
      wholeSchemas: [...schemas].filter((schema) => !kept.has(schema)),
    },
  };
}

/**
 * @param lacks a sentence that says what there is not
 * @throws BackupError REQUEST_INVALID for what is none of the tables, and for a schema without any
 */
export function requireKnown(
  names: readonly Exclusion[],
  tables: readonly TableName[],
  lacks: (things: string) => string,
): void {
  const known = new Set(tables.map(tableKey));
  const schemas = new Set(tables.map(({ schema }) => schema));
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
  // Whoever forgets the schema of a table names a schema.
  const meant = tables.filter(({ name }) => empty.includes(name)).map(tableLabel);
  const hint =
    meant.length > 0
      ? `A table is named with its schema: ${[...new Set(meant)].slice(0, 5).join(", ")}.`
      : "Name tables as schema.name, in the spelling of the database. A partition is part of its partitioned table.";
  throw new BackupError("REQUEST_INVALID", lacks(things.join(" or ")), {
    hint,
    details: { tables: unknown },
  });
}

const isTable = (it: Exclusion): it is TableName => it.name !== undefined;
