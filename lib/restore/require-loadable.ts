import { BackupError } from "../errors.ts";
import { ROW_SECURITY_HINT } from "../plan/dump-plan.ts";
import { leaveOut } from "../plan/exclusion.ts";
import type { LoadPlan } from "../plan/load-plan.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { standbyError } from "../postgres/errors/standby.ts";
import type { RefusedChange } from "../postgres/publications.ts";
import { attachStatement, finalizeStatement } from "../schema/pending-detach.ts";
import type { Check, TableName } from "../shared/api.ts";
import { formatSome } from "../shared/format.ts";
import { leaveOutIn } from "../shared/leave-out.ts";
import { sqlIdentifier, sqlName } from "../shared/sql-name.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import type { ReadPlan } from "./read-plan.ts";
import { findSchemaObstacle } from "./schema-obstacle.ts";
import { describeUntrusted } from "./untrusted-code.ts";

/** Properties that are unknown do not prevent a restore. */
type JudgedPlan = LoadPlan &
  Partial<Pick<ReadPlan, "withoutKey" | "notEmpty" | "undeletable" | "untrusted">>;

/** The possible obstacles to a load, in order, each as an error. */
const FINDINGS: Array<{
  name: string;
  passed: string;
  /** The wording for a backup by the original, which proves less than ours. */
  passedOriginal?: string;
  /** Whether the check is shown. If left out: always. */
  isAsked?: (plan: JudgedPlan) => boolean;
  find: (plan: JudgedPlan) => BackupError | null;
}> = [
  {
    name: "writes",
    passed: "The database takes writes.",
    isAsked: ({ isStandby }) => isStandby,
    find: ({ isStandby }) => (isStandby ? standbyError("Nothing was changed.") : null),
  },
  {
    name: "schema",
    passed:
      "Every table of the backup is in this database, and its columns take the backup's values.",
    passedOriginal:
      "Every table and column of the backup is in this database. Their types were not stored: a value that does not fit will stop the restore.",
    find: findSchemaObstacle,
  },
  {
    name: "references",
    passed: "No table outside of the backup refers to one that will be replaced.",
    find({ references, loads }) {
      if (references.length === 0) return null;
      const referring = [...new Map(references.map(({ from }) => [tableKey(from), from])).values()];
      const names = references.map(
        ({ from, to, constraint }) =>
          `${tableLabel(from)} refers to ${tableLabel(to)} (${constraint})`,
      );
      return new BackupError(
        "SCHEMA_DRIFT",
        `Tables that are not in the backup refer to tables that would be emptied: ${formatSome(names, "; ")}. Nothing was changed.`,
        {
          hint: "Use a backup that holds these tables too. Or leave the emptied tables out, so that their rows stay. Or drop these foreign keys first and add them again afterwards.",
          details: {
            references: references.map(({ from, to, constraint }) => ({ from, to, constraint })),
            ...leaveOut(referring, [...tablesOf(loads), ...referring]),
          },
        },
      );
    },
  },
  {
    name: "partitions",
    passed: "No partition is half detached.",
    // So rare that the check is not shown if it passes.
    isAsked: ({ pendingDetaches }) => pendingDetaches.length > 0,
    find({ pendingDetaches }) {
      if (pendingDetaches.length === 0) return null;
      const names = pendingDetaches.map(
        ({ partition, parent }) => `${tableLabel(partition)} from ${tableLabel(parent)}`,
      );
      return new BackupError(
        "SCHEMA_DRIFT",
        `The detaching of a partition was interrupted, so that rows can neither be put there nor seen there through its table: ${names.join(", ")}. Nothing was changed.`,
        {
          hint: `End it as the table's owner: ${pendingDetaches.map(finalizeStatement).join(" ")} If the backup has rows that belong there, make it a partition again before the restore: ${pendingDetaches.map(attachStatement).join(" ")}`,
          details: {
            partitions: pendingDetaches.map(({ partition, parent }) => ({ partition, parent })),
          },
        },
      );
    },
  },
  {
    name: "extensions",
    passed: "No foreign key to a table of an extension keeps rows from being replaced.",
    isAsked: ({ toExtensions }) => toExtensions.length > 0,
    find({ toExtensions }) {
      if (toExtensions.length === 0) return null;
      const names = toExtensions.map(
        ({ table, to, constraint }) =>
          `${tableLabel(table)} refers to ${tableLabel(to)} (${constraint})`,
      );
      const drops = toExtensions.map(
        ({ table, constraint }) =>
          `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${sqlIdentifier(constraint)};`,
      );
      return new BackupError(
        "SCHEMA_DRIFT",
        `Tables to be restored are partitions of a table that an extension owns, and foreign keys to that table stay in the way: ${names.join("; ")}. Nothing was changed.`,
        {
          hint: `Drop these foreign keys, restore, and add them again: ${drops.join(" ")}`,
          details: {
            references: toExtensions.map(({ from, to, constraint }) => ({ from, to, constraint })),
          },
        },
      );
    },
  },
  {
    name: "foreign-key-triggers",
    passed: "Every foreign key can be put back as it is.",
    find({ superusersForeignKeys }) {
      if (superusersForeignKeys.length === 0) return null;
      const names = superusersForeignKeys.map(
        ({ table, constraint }) => `${constraint} of ${tableLabel(table)}`,
      );
      return new BackupError(
        "INSUFFICIENT_PRIVILEGE",
        `A superuser has disabled some of the triggers that enforce foreign keys, and only a superuser could put them back so: ${names.join(", ")}. Nothing was changed.`,
        {
          hint: "Connect as a superuser, or have one enable them: ALTER TABLE … ENABLE TRIGGER ALL.",
          details: {
            privilege: "SUPERUSER",
            foreignKeys: superusersForeignKeys.map(({ table, constraint }) => ({
              table,
              constraint,
            })),
          },
        },
      );
    },
  },
  {
    name: "privileges",
    passed: "The database role owns every table and sequence that will be replaced.",
    find(plan) {
      const { notOwned, withoutRights } = plan;
      if (notOwned.length === 0 && withoutRights.length === 0) return null;
      const relations = [...notOwned, ...withoutRights.map(({ relation }) => relation)];
      const canLeaveOut = leaveOutHolders(relations, plan);
      const missing = withoutRights.map(
        ({ relation, rights }) => `${describeRights(relation, rights)} for ${tableLabel(relation)}`,
      );
      return new BackupError(
        "INSUFFICIENT_PRIVILEGE",
        [
          ...(notOwned.length > 0
            ? [`The database role does not own ${formatSome(notOwned.map(tableLabel))}.`]
            : []),
          ...(missing.length > 0
            ? [
                `The database role is an owner from whom rights were revoked that a restore needs: ${formatSome(missing, "; ")}.`,
              ]
            : []),
          "Nothing was changed.",
        ].join(" "),
        {
          hint: `${
            notOwned.length > 0
              ? "Connect as the tables' owner, or as a member of the owning role. Superuser is not needed."
              : "An owner may grant itself what was revoked from it; USAGE of a schema is for the schema's owner to grant."
          }${canLeaveOut.leaveOut ? " Or leave these tables out of the restore." : ""}`,
          details: {
            privilege: notOwned.length > 0 ? "OWNER" : "GRANT",
            relations,
            ...canLeaveOut,
          },
        },
      );
    },
  },
  {
    name: "code",
    passed: "No other role's code would run with the rights of the database role.",
    // So rare that the check is not shown if it passes.
    isAsked: ({ untrusted }) => (untrusted?.found.length ?? 0) > 0,
    find({ untrusted, loads, sequences }) {
      if (!untrusted || untrusted.found.length === 0) return null;
      const tables = untrusted.found.map(({ table }) => table);
      const relations = tables.filter((table) => table !== null);
      const isOfTables = relations.length === tables.length;
      return describeUntrusted(
        untrusted,
        isOfTables ? leaveOutHolders(relations, { loads, sequences }) : {},
      );
    },
  },
  {
    name: "row-security",
    passed: "No row-level security hides rows from the database role.",
    find({ hidingRows, loads }) {
      if (hidingRows.length === 0) return null;
      const canLeaveOut = leaveOut(hidingRows, tablesOf(loads));
      return new BackupError(
        "INSUFFICIENT_PRIVILEGE",
        `Row-level security applies to the database role in ${formatSome(hidingRows.map(tableLabel))}. Nothing was changed.`,
        {
          hint: `${ROW_SECURITY_HINT}${canLeaveOut.leaveOut ? " Or leave these tables out of the restore." : ""}`,
          details: { privilege: "BYPASSRLS", relations: hidingRows, ...canLeaveOut },
        },
      );
    },
  },
  {
    name: "keys",
    passed: "Every table has a key that tells which of its rows already exist.",
    isAsked: ({ scope }) => isMerge(scope.mode),
    find({ withoutKey = [], loads }) {
      if (withoutKey.length === 0) return null;
      return new BackupError(
        "REQUEST_INVALID",
        `It is not known which rows already exist in ${formatSome(withoutKey.map(tableLabel))}: there is no primary key or unique key of columns that are never NULL, or the backup does not have it. Nothing was changed.`,
        {
          hint: "Leave these tables out, or replace them.",
          details: { tables: withoutKey, ...leaveOut(withoutKey, tablesOf(loads)) },
        },
      );
    },
  },
  {
    name: "publications",
    passed: "No publication keeps rows from being deleted that the backup's take the place of.",
    isAsked: ({ scope }) => scope.mode === "overwrite",
    find({ undeletable = [], loads, sequences }) {
      if (undeletable.length === 0) return null;
      const relations = undeletable.map(({ relation }) => relation);
      const why = undeletable.map(
        ({ relation, publication, reason }) =>
          `${tableLabel(relation)} (${describeRefusal(reason, publication)})`,
      );
      const remedies = [...new Set(undeletable.map(({ remedy }) => remedy))];
      return new BackupError(
        "REQUEST_INVALID",
        `A row that is overwritten is deleted first, and PostgreSQL lets no one delete from ${formatSome(why)}. Nothing was changed.`,
        {
          hint: `Do this first: ${formatSome(remedies, "; ")}. Or leave these tables out, or choose another mode.`,
          details: {
            tables: relations,
            publications: [...new Set(undeletable.map(({ publication }) => publication))],
            remedies,
            ...leaveOutHolders(relations, { loads, sequences }),
          },
        },
      );
    },
  },
  {
    name: "empty",
    passed: "Every table is empty.",
    isAsked: ({ scope }) => scope.mode === "if-empty",
    find({ notEmpty = [], loads }) {
      if (notEmpty.length === 0) return null;
      return new BackupError(
        "TABLE_NOT_EMPTY",
        `${notEmpty.length === 1 ? "A table that was to be empty holds" : "Tables that were to be empty hold"} rows: ${formatSome(notEmpty.map(tableLabel))}. Nothing was changed.`,
        {
          hint: "Leave these tables out, or choose another mode: to replace their rows, or to add to them.",
          details: { tables: notEmpty, ...leaveOut(notEmpty, tablesOf(loads)) },
        },
      );
    },
  },
];

const tablesOf = (loads: LoadPlan["loads"]): TableName[] => loads.map(({ table }) => table);

/**
 * Says which tables to leave out so that none of these relations is changed: the relations themselves, or the tables to
 * which they belong.
 */
function leaveOutHolders(
  relations: readonly TableName[],
  { loads, sequences }: Pick<LoadPlan, "loads" | "sequences">,
): ReturnType<typeof leaveOut> {
  // A sequence that no loaded table draws from prevents only a restore of the whole backup.
  const free = new Set(sequences.filter((it) => it.isFree).map((it) => tableKey(it.sequence)));
  const keys = new Set(relations.map(tableKey).filter((key) => !free.has(key)));
  const owned = (table: TableName): TableName[] =>
    sequences
      .map(({ sequence }) => sequence)
      .filter(({ owner }) => owner && tableKey(owner.table) === tableKey(table));
  const parts = loads.map(({ table }) => ({
    table,
    keys: [table, ...table.partitions, ...owned(table)].map(tableKey).filter((it) => keys.has(it)),
  }));
  const holders = parts.filter((it) => it.keys.length > 0);
  const reached = new Set(holders.flatMap((it) => it.keys));
  // Leaving out only some of the obstacles would not help.
  if (reached.size < keys.size) return {};
  return leaveOut(
    holders.map(({ table }) => table),
    tablesOf(loads),
  );
}

export function describeRefusal(reason: RefusedChange["reason"], publication: string): string {
  switch (reason) {
    case "identity":
      return `the publication ${publication} publishes what is deleted, and the table has no replica identity to tell it by`;
    case "filter":
      return `the WHERE of the publication ${publication} has a column that the table's replica identity does not have`;
    case "columns":
      return `the column list of the publication ${publication} does not go with the table's replica identity`;
    case "generated":
      return `the table's replica identity has a generated column that the publication ${publication} does not publish`;
    default:
      throw reason satisfies never;
  }
}

const describeRights = ({ schema }: TableName, rights: readonly string[]): string =>
  rights.map((right) => (right === "USAGE" ? `USAGE of the schema ${schema}` : right)).join(", ");

/** Returns all findings as checks for a person. */
export function checkLoadable(plan: ReadPlan): Check[] {
  const asked = FINDINGS.filter(({ isAsked }) => isAsked?.(plan) ?? true);
  return asked.map(({ name, passed, passedOriginal = passed, find }) => {
    const error = find(plan);
    if (!error)
      return { name, state: "passed", message: plan.isOriginal ? passedOriginal : passed };
    const { message, hint, details } = error;
    const canLeaveOut = leaveOutIn(details);
    return {
      name,
      state: "failed",
      message,
      ...(hint && { remedy: hint }),
      ...(canLeaveOut && { leaveOut: canLeaveOut }),
    };
  });
}

/** Returns all obstacles as errors. */
export const findObstacles = (plan: JudgedPlan): BackupError[] =>
  FINDINGS.flatMap(({ find }) => find(plan) ?? []);

/**
 * @throws BackupError DATABASE_READ_ONLY, SCHEMA_DRIFT, INSUFFICIENT_PRIVILEGE, UNTRUSTED_CODE, REQUEST_INVALID or
 *   TABLE_NOT_EMPTY for the first finding that prevents the restore
 */
export function requireLoadable(plan: JudgedPlan): void {
  const [first] = findObstacles(plan);
  if (first) throw first;
}
