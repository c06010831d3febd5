import { BackupError } from "../errors.ts";
import { whatToLeaveOut } from "../plan/exclusion.ts";
import { isMerge } from "../plan/restore-scope.ts";
import { standbyError } from "../postgres/errors/standby.ts";
import { tablesOf } from "../postgres/load.ts";
import type { RefusedChange } from "../postgres/publications.ts";
import type { ForeignKey } from "../schema/catalog.ts";
import { attachStatement, finalizeStatement } from "../schema/pending-detach.ts";
import { formatSome } from "../shared/format.ts";
import { sqlIdentifier, sqlName } from "../shared/sql-name.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { NOTHING_CHANGED } from "./load-error.ts";
import type { JudgedPlan } from "./read-plan.ts";
import {
  findAlteredTriggers,
  findHiddenRows,
  findMissingRights,
  findUntrustedCode,
  holdersToLeaveOut,
} from "./rights-obstacles.ts";
import { findSchemaObstacle } from "./schema-obstacle.ts";

interface PossibleObstacle {
  name: string;
  /** The message if it is not there. Left out for what is so rare that only an obstacle is shown. */
  passed?: string;
  /** The wording for a backup by the original, which proves less than ours. */
  passedOriginal?: string;
  /** Whether it matters for this plan. If left out: always. */
  isAsked?: (plan: JudgedPlan) => boolean;
  find: (plan: JudgedPlan) => BackupError | null;
}

/** The possible obstacles to a load, in order, each as an error. */
export const OBSTACLES: readonly PossibleObstacle[] = [
  {
    name: "writes",
    find: ({ isStandby }) => (isStandby ? standbyError(NOTHING_CHANGED) : null),
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
    find: findReferences,
  },
  { name: "partitions", find: findPendingDetaches },
  { name: "extensions", find: findKeysToExtensions },
  {
    name: "foreign-key-triggers",
    passed: "Every foreign key can be put back as it is.",
    find: findAlteredTriggers,
  },
  {
    name: "privileges",
    passed: "The database role owns every table and sequence that will be replaced.",
    find: findMissingRights,
  },
  { name: "code", find: findUntrustedCode },
  {
    name: "row-security",
    passed: "No row-level security hides rows from the database role.",
    find: findHiddenRows,
  },
  {
    name: "keys",
    passed: "Every table has a key that tells which of its rows already exist.",
    isAsked: ({ scope }) => isMerge(scope.mode),
    find: findTablesWithoutKey,
  },
  {
    name: "publications",
    passed: "No publication keeps rows from being deleted that the backup's take the place of.",
    isAsked: ({ scope }) => scope.mode === "overwrite",
    find: findUndeletableTables,
  },
  {
    name: "empty",
    passed: "Every table is empty.",
    isAsked: ({ scope }) => scope.mode === "if-empty",
    find: findTablesWithRows,
  },
];

const describeReference = (from: ForeignKey["from"], { to, constraint }: ForeignKey): string =>
  `${tableLabel(from)} refers to ${tableLabel(to)} (${constraint})`;

const referencesIn = (foreignKeys: readonly ForeignKey[]) =>
  foreignKeys.map(({ from, to, constraint }) => ({ from, to, constraint }));

function findReferences({ references, loads }: JudgedPlan): BackupError | null {
  if (references.length === 0) return null;
  const referring = [...new Map(references.map(({ from }) => [tableKey(from), from])).values()];
  const names = references.map((it) => describeReference(it.from, it));
  return new BackupError(
    "SCHEMA_DRIFT",
    `Tables that are not in the backup refer to tables that would be emptied: ${formatSome(names, "; ")}. Nothing was changed.`,
    {
      hint: "Use a backup that holds these tables too. Or leave the emptied tables out, so that their rows stay. Or drop these foreign keys first and add them again afterwards.",
      details: {
        references: referencesIn(references),
        ...whatToLeaveOut(referring, [...tablesOf(loads), ...referring]),
      },
    },
  );
}

function findPendingDetaches({ pendingDetaches }: JudgedPlan): BackupError | null {
  if (pendingDetaches.length === 0) return null;
  const names = pendingDetaches.map(
    ({ partition, parent }) => `${tableLabel(partition)} from ${tableLabel(parent)}`,
  );
  return new BackupError(
    "SCHEMA_DRIFT",
    `The detaching of a partition was interrupted, so that rows can neither be put there nor seen there through its table: ${names.join(", ")}. Nothing was changed.`,
    {
      hint: `End it as the table's owner: ${pendingDetaches.map(finalizeStatement).join(" ")} If the backup has rows that belong there, make it a partition again before the restore: ${pendingDetaches.map(attachStatement).join(" ")}`,
      details: { partitions: pendingDetaches },
    },
  );
}

function findKeysToExtensions({ toExtensions }: JudgedPlan): BackupError | null {
  if (toExtensions.length === 0) return null;
  const names = toExtensions.map((it) => describeReference(it.table, it));
  const drops = toExtensions.map(
    ({ table, constraint }) =>
      `ALTER TABLE ${sqlName(table)} DROP CONSTRAINT ${sqlIdentifier(constraint)};`,
  );
  return new BackupError(
    "SCHEMA_DRIFT",
    `Tables to be restored are partitions of a table that an extension owns, and foreign keys to that table stay in the way: ${names.join("; ")}. Nothing was changed.`,
    {
      hint: `Drop these foreign keys, restore, and add them again: ${drops.join(" ")}`,
      details: { references: referencesIn(toExtensions) },
    },
  );
}

function findTablesWithoutKey({ withoutKey = [], loads }: JudgedPlan): BackupError | null {
  if (withoutKey.length === 0) return null;
  return new BackupError(
    "REQUEST_INVALID",
    `It is not known which rows already exist in ${formatSome(withoutKey.map(tableLabel))}: there is no primary key or unique key of columns that are never NULL, or the backup does not have it. Nothing was changed.`,
    {
      hint: "Leave these tables out, or replace them.",
      details: { tables: withoutKey, ...whatToLeaveOut(withoutKey, tablesOf(loads)) },
    },
  );
}

function findUndeletableTables({ undeletable = [], ...plan }: JudgedPlan): BackupError | null {
  if (undeletable.length === 0) return null;
  const relations = undeletable.map(({ relation }) => relation);
  const why = undeletable.map((it) => `${tableLabel(it.relation)} (${describeRefusal(it)})`);
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
        ...holdersToLeaveOut(relations, plan),
      },
    },
  );
}

export function describeRefusal({ reason, publication }: RefusedChange): string {
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

function findTablesWithRows({ notEmpty = [], loads }: JudgedPlan): BackupError | null {
  if (notEmpty.length === 0) return null;
  return new BackupError(
    "TABLE_NOT_EMPTY",
    `${notEmpty.length === 1 ? "A table that was to be empty holds" : "Tables that were to be empty hold"} rows: ${formatSome(notEmpty.map(tableLabel))}. Nothing was changed.`,
    {
      hint: "Leave these tables out, or choose another mode: to replace their rows, or to add to them.",
      details: { tables: notEmpty, ...whatToLeaveOut(notEmpty, tablesOf(loads)) },
    },
  );
}
