/** Describes names that cannot be read, for people. */
import { BackupError } from "../errors.ts";
import type { Warning } from "../shared/api.ts";
import type { UnreadableName } from "./catalog.ts";

export interface FoundName {
  relation: number;
  kind: "table" | "sequence" | "index" | "schema" | "column" | "constraint" | "type" | "label";
  object: number;
  part: number;
  label: string;
  hex: string;
  shown: string;
}

export const whatOf = ({ kind, label, shown: name }: FoundName): string =>
  kind === "table" || kind === "sequence" || kind === "index"
    ? `${kind} ${label}`
    : `${kind} ${name} of ${label}`;

/** For each kind: how to rename it, by the names in which of a catalog's columns. */
const RENAMINGS = {
  table: ["ALTER TABLE %s RENAME", "oid::regclass", "pg_class"],
  sequence: ["ALTER SEQUENCE %s RENAME", "oid::regclass", "pg_class"],
  index: ["ALTER INDEX %s RENAME", "oid::regclass", "pg_class"],
  schema: ["ALTER SCHEMA %I RENAME", "nspname", "pg_namespace"],
  column: ["ALTER TABLE %s RENAME COLUMN %I", "attrelid::regclass, attname", "pg_attribute"],
  constraint: [
    "ALTER TABLE %s RENAME CONSTRAINT %I",
    "conrelid::regclass, conname",
    "pg_constraint",
  ],
  type: ["ALTER TYPE %s RENAME", "oid::regtype", "pg_type"],
};

/** Renames the object without naming it, because nobody can type the name. */
export function remedyOf({ kind, object, part }: FoundName): string {
  if (kind === "label")
    return `ALTER TYPE … RENAME VALUE … TO …; its labels: SELECT oid, pg_catalog.encode(pg_catalog.decode(enumlabel, 'escape'), 'escape') FROM pg_enum WHERE enumtypid = ${object};`;
  const [rename, names, catalog] = RENAMINGS[kind];
  const isIt = part === 0 ? `oid = ${object}` : `attrelid = ${object} AND attnum = ${part}`;
  return `DO $$ BEGIN EXECUTE (SELECT pg_catalog.format('${rename} TO renamed_${part || object}', ${names}) FROM ${catalog} WHERE ${isIt}); END $$;`;
}

export const unreadableWarnings = (names: readonly UnreadableName[], encoding: string): Warning[] =>
  names
    .filter(({ tables, isFreeSequence }) => tables.length > 0 || isFreeSequence)
    .map(({ what, remedy }) => ({
      code: "UNREADABLE_NAME",
      message: `The name of ${what} has bytes that are no character in the database's encoding, ${encoding}. It cannot be backed up before it has another one: ${remedy}`,
    }));

/** The first few names. The statement for a schema or type that several tables use appears once. */
export function describeUnreadable(
  names: readonly UnreadableName[],
): Pick<UnreadableName, "what" | "remedy"> {
  const some = names.slice(0, NAMED);
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : "";
  return {
    what: `${some.map(({ what }) => what).join(", ")}${more}`,
    remedy: [...new Set(some.map(({ remedy }) => remedy))].join(" "),
  };
}

const NAMED = 5;

/** The error of a restore. If names cannot be read, it cannot find what refers to the tables that it changes. */
export function unreadableError(names: readonly UnreadableName[], encoding: string): BackupError {
  const { what, remedy } = describeUnreadable(names);
  return new BackupError(
    "SCHEMA_DRIFT",
    `Names in this database have bytes that are no character in its encoding, ${encoding}: ${what}. Nothing was changed.`,
    { hint: `Rename them, then restore: ${remedy}` },
  );
}
