/** What a database role may not do prevents a restore. */
import { BackupError } from "../errors.ts";
import { whatToLeaveOut } from "../plan/exclusion.ts";
import type { LoadPlan } from "../plan/load-plan.ts";
import { ROW_SECURITY_HINT } from "../plan/require-dumpable.ts";
import { tablesOf } from "../postgres/load.ts";
import type { UntrustedCode } from "../postgres/untrusted-code.ts";
import type { TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { sqlIdentifier } from "../shared/sql-name.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { JudgedPlan } from "./read-plan.ts";

const OR_LEAVE_OUT = " Or leave these tables out of the restore.";

export function findAlteredTriggers({ superusersForeignKeys }: LoadPlan): BackupError | null {
  if (superusersForeignKeys.length === 0) return null;
  const foreignKeys = superusersForeignKeys.map(({ table, constraint }) => ({ table, constraint }));
  const names = foreignKeys.map(({ table, constraint }) => `${constraint} of ${tableLabel(table)}`);
  return new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `A superuser has disabled some of the triggers that enforce foreign keys, and only a superuser could put them back so: ${names.join(", ")}. Nothing was changed.`,
    {
      hint: "Connect as a superuser, or have one enable them: ALTER TABLE … ENABLE TRIGGER ALL.",
      details: { privilege: "SUPERUSER", foreignKeys },
    },
  );
}

export function findMissingRights(plan: LoadPlan): BackupError | null {
  const { notOwned, withoutRights } = plan;
  if (notOwned.length === 0 && withoutRights.length === 0) return null;
  const relations = [...notOwned, ...withoutRights.map(({ relation }) => relation)];
  const toLeaveOut = holdersToLeaveOut(relations, plan);
  const missing = withoutRights.map(
    ({ relation, rights }) => `${describeRights(relation, rights)} for ${tableLabel(relation)}`,
  );
  const what = [
    notOwned.length > 0 &&
      `The database role does not own ${formatSome(notOwned.map(tableLabel))}.`,
    missing.length > 0 &&
      `The database role is an owner from whom rights were revoked that a restore needs: ${formatSome(missing, "; ")}.`,
    "Nothing was changed.",
  ].filter(Boolean);
  const remedy =
    notOwned.length > 0
      ? "Connect as the tables' owner, or as a member of the owning role. Superuser is not needed."
      : "An owner may grant itself what was revoked from it; USAGE of a schema is for the schema's owner to grant.";
  return new BackupError("INSUFFICIENT_PRIVILEGE", what.join(" "), {
    hint: `${remedy}${toLeaveOut.leaveOut ? OR_LEAVE_OUT : ""}`,
    details: { privilege: notOwned.length > 0 ? "OWNER" : "GRANT", relations, ...toLeaveOut },
  });
}

const describeRights = ({ schema }: TableName, rights: readonly string[]): string =>
  rights.map((right) => (right === "USAGE" ? `USAGE of the schema ${schema}` : right)).join(", ");

export function findHiddenRows({ hidingRows, loads }: LoadPlan): BackupError | null {
  if (hidingRows.length === 0) return null;
  const toLeaveOut = whatToLeaveOut(hidingRows, tablesOf(loads));
  return new BackupError(
    "INSUFFICIENT_PRIVILEGE",
    `Row-level security applies to the database role in ${formatSome(hidingRows.map(tableLabel))}. Nothing was changed.`,
    {
      hint: `${ROW_SECURITY_HINT}${toLeaveOut.leaveOut ? OR_LEAVE_OUT : ""}`,
      details: { privilege: "BYPASSRLS", relations: hidingRows, ...toLeaveOut },
    },
  );
}

export function findUntrustedCode({ untrusted, ...plan }: JudgedPlan): BackupError | null {
  if (!untrusted || untrusted.found.length === 0) return null;
  const { found, role, isSuperuser } = untrusted;
  const tables = found.flatMap(({ table }) => table ?? []);
  // Leaving tables out helps only if nothing but their rows calls the code.
  const toLeaveOut = tables.length === found.length ? holdersToLeaveOut(tables, plan) : {};
  const owners = [...new Set(found.map(({ owner }) => owner))].map(sqlIdentifier).join(", ");
  const alter = found.flatMap(({ kind, code }) =>
    kind ? [`ALTER ${kind} ${code} OWNER TO ${sqlIdentifier(role)};`] : [],
  );
  const grant = isSuperuser
    ? `, but is no superuser: CREATE ROLE restorer LOGIN PASSWORD '…'; GRANT ${owners} TO restorer;`
    : `: GRANT ${owners} TO ${sqlIdentifier(role)};`;
  const own =
    alter.length > 0
      ? ` Or read it, and make it yours as a superuser: ${formatSome([...new Set(alter)], " ")}`
      : "";
  return new BackupError(
    "UNTRUSTED_CODE",
    `A restore would run code of another role with the rights of ${role}${isSuperuser ? ", a superuser" : ""}: ${formatSome(found.map(describe), "; ")}. Nothing was changed.`,
    {
      hint: `If you trust ${owners}, restore as a role that owns these tables and is a member of ${owners}${grant} If you do not, drop this code.${own}${toLeaveOut.leaveOut ? OR_LEAVE_OUT : ""}`,
      details: { role, code: found, ...toLeaveOut },
    },
  );
}

function describe({ table, caller, kind, code, owner }: UntrustedCode): string {
  if (table) {
    const where = caller === null ? tableLabel(table) : `${caller} of ${tableLabel(table)}`;
    return kind === null
      ? `${where}, which ${owner} has written, calls ${code}`
      : `${where} calls ${code}, which belongs to ${owner}`;
  }
  if (caller !== null)
    return `the event trigger ${caller} calls ${code}, which belongs to ${owner}`;
  return `the ${kind?.toLowerCase()} ${code}, which belongs to ${owner}, has the name of another one that it would be taken for`;
}

/**
 * The tables to leave out so that none of these relations is changed: themselves, or the tables to which they belong.
 */
export function holdersToLeaveOut(
  relations: readonly TableName[],
  { loads, sequences }: Pick<LoadPlan, "loads" | "sequences">,
): ReturnType<typeof whatToLeaveOut> {
  // A sequence that no loaded table draws from prevents only a restore of the whole backup.
  const free = new Set(sequences.filter((it) => it.isFree).map((it) => tableKey(it.sequence)));
  const keys = new Set(relations.map(tableKey).filter((key) => !free.has(key)));
  const owned = (table: TableName): TableName[] =>
    sequences
      .map(({ sequence }) => sequence)
      .filter(({ owner }) => owner && tableKey(owner.table) === tableKey(table));
  const parts = tablesOf(loads).map((table) => ({
    table,
    keys: [table, ...table.partitions, ...owned(table)].map(tableKey).filter((it) => keys.has(it)),
  }));
  const holders = parts.filter((it) => it.keys.length > 0);
  const reached = new Set(holders.flatMap((it) => it.keys));
  // Leaving out only some of the obstacles would not help.
  return reached.size < keys.size ? {} : whatToLeaveOut(tablesOf(holders), tablesOf(loads));
}
