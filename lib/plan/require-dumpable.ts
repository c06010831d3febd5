/** What refuses a backup before any data is read. */
import { BackupError } from "../errors.ts";
import type { Catalog, CatalogSequence, CatalogTable, UnreadableName } from "../schema/catalog.ts";
import { describeUnreadable } from "../schema/describe-unreadable.ts";
import { whyLeftOut } from "../schema/extension-tables.ts";
import type { TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { nameOf, tableKey, tableLabel } from "../shared/table-name.ts";
import { whatToLeaveOut } from "./exclusion.ts";

/** @throws DUMP_FAILED with what must be renamed first */
export function requireNames(
  unreadable: readonly UnreadableName[],
  encoding: string,
  others: readonly TableName[],
): void {
  if (unreadable.length === 0) return;
  const { what, remedy } = describeUnreadable(unreadable);
  const tables = unreadable.flatMap((name) => name.tables);
  throw new BackupError(
    "DUMP_FAILED",
    `Names have bytes that are no character in the database's encoding, ${encoding}: ${what}. No backup was made.`,
    {
      hint: `Rename them, or choose tables without them: ${remedy}`,
      details: whatToLeaveOut(tables, [...tables, ...others]),
    },
  );
}

/**
 * A standby has no rows of unlogged tables. If other tables remain, these are left out, unless somebody named them. A
 * partitioned table with only some of its rows here is refused: its backup could not be restored. @throws DUMP_FAILED
 */
export function requireOnServer(tables: readonly CatalogTable[], areChosen: boolean): void {
  const absent = tables.filter(({ isOnPrimaryOnly }) => isOnPrimaryOnly);
  const isOptional = ({ kind }: CatalogTable) => kind === "table" && !areChosen;
  if (absent.every(isOptional) && absent.length < tables.length) return;
  const refused = absent.filter((table) => !isOptional(table));
  const named = refused.length > 0 ? refused : absent;
  throw new BackupError(
    "DUMP_FAILED",
    `This server is a standby, which has no rows of unlogged tables and partitions: ${formatSome(named.map(tableLabel))}. No backup was made.`,
    {
      hint: "Make the backup from the primary server, or leave these tables out.",
      details: whatToLeaveOut(named, tables),
    },
  );
}

/** @throws INSUFFICIENT_PRIVILEGE with the names of everything that the role may not read */
export function requireReadable(
  tables: readonly CatalogTable[],
  sequences: readonly CatalogSequence[],
): void {
  const isUnreadable = ({ canSelect }: { canSelect: boolean }) => !canSelect;
  const unreadable = [...tables, ...sequences].filter(isUnreadable).map(nameOf);
  if (unreadable.length === 0) return;
  throw new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `The database role may not read ${formatSome(unreadable.map(tableLabel))}. No backup was made.`,
    {
      hint: "Grant it SELECT on these tables and sequences, or leave the tables out of the backup.",
      details: {
        privilege: "SELECT",
        relations: unreadable,
        ...whatToLeaveOut(tables.filter(isUnreadable), tables),
      },
    },
  );
}

/** Without the rows that row-level security hides, a backup would look complete. @throws INSUFFICIENT_PRIVILEGE */
export function requireAllRows(tables: readonly CatalogTable[]): void {
  const hiding = tables.filter((table) => table.hidesRows).map(nameOf);
  if (hiding.length === 0) return;
  throw new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `Row-level security may hide rows of ${formatSome(hiding.map(tableLabel))} from the database role. No backup was made.`,
    {
      hint: `${ROW_SECURITY_HINT} Or leave these tables out of the backup.`,
      details: { privilege: "BYPASSRLS", relations: hiding, ...whatToLeaveOut(hiding, tables) },
    },
  );
}

export const ROW_SECURITY_HINT =
  "Connect as a role with BYPASSRLS, or as the tables' owner if row-level security is not forced for the owner.";

/** @throws REQUEST_INVALID for an extension's table whose rows no backup contains, with the reason */
export function requireBackedUp(
  tables: readonly TableName[],
  extensionTables: Catalog["extensionTables"],
): void {
  const chosen = new Set(tables.map(tableKey));
  const found = extensionTables.filter((table) => chosen.has(tableKey(table)));
  if (found.length === 0) return;
  throw new BackupError(
    "REQUEST_INVALID",
    `${found.map((table) => `${tableLabel(table)} ${whyLeftOut(table)}: its rows cannot be in a backup.`).join(" ")} No backup was made.`,
    {
      hint: "Leave it out, and keep its rows by other means, such as a script that makes them again.",
      details: { tables: found.map(nameOf) },
    },
  );
}
