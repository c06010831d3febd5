import type pg from "pg";
import { dropRemedy, partitionRemedy } from "../../postgres/errors/constraint-remedies.ts";
import { describeNotFound } from "../../postgres/errors/not-found.ts";
import type { RefusedChange } from "../../postgres/publications.ts";
import type { DropStatement } from "../../schema/drop-statement.ts";
import type { TableName } from "../../shared/api.ts";
import type { Violation } from "../../shared/rehearsal.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { describeUncomputable } from "../compute-anew.ts";
import type { NotRedirected } from "./redirect-functions.ts";

const THEN_VALIDATE =
  "or make it NOT VALID (drop it and add it again so), restore, correct the rows, and validate it";

/**
 * Says what to do about a violation, in one or two sentences.
 *
 * @param drop statement for a unique or exclusion constraint or index
 */
export function remedyOf(
  {
    kind,
    table,
    constraint,
    columns,
    refersTo,
  }: Pick<Violation, "kind" | "table" | "constraint" | "columns" | "refersTo">,
  drop?: DropStatement,
): string {
  const column = columns[0] ?? "";
  switch (kind) {
    case "value":
      if (drop) return dropRemedy(drop);
      return column === ""
        ? "Compare the table's generated columns and domains with those of the time of the backup."
        : `Give ${column} a type that takes these values (a longer one, a domain without the constraint, an enum with the label), restore, then change it again.`;
    case "not-null":
      return `Let ${column} be NULL, restore, fill in what is missing, and require it again.`;
    case "check":
      return `Use a backup whose rows fulfil ${constraint}, ${THEN_VALIDATE}.`;
    case "partition":
      return partitionRemedy(table);
    case "unique":
    case "exclusion":
      if (drop) return dropRemedy(drop);
      return `Drop ${constraint}, restore, correct the rows, and add it again.`;
    case "foreign-key":
      return `Use a backup that holds the rows of ${refersTo ? tableLabel(refersTo) : "the table"} that are referred to, leave no table out that holds them, ${THEN_VALIDATE}.`;
    default:
      throw kind satisfies never;
  }
}

/** For a constraint that is NOT VALID, but can only be dropped in the table from which it is inherited. */
export const inheritedRemedy = (constraint: string): string =>
  `Restore the table that ${constraint} is inherited from as well, or drop it there first, and add it again as NOT VALID.`;

const WHAT: Record<Violation["kind"], string> = {
  value: "hold a value that the table does not take",
  "not-null": "have no value in a required column",
  check: "do not fulfil a check",
  partition: "belong to no partition",
  unique: "repeat a key",
  exclusion: "exclude each other",
  "foreign-key": "refer to rows that are not there",
};

/**
 * Describes a violation in a sentence without values.
 *
 * @param what its rows do, if more is known than the kind
 */
export function describeViolation(
  { kind, table, constraint, columns, total, refersTo }: Omit<Violation, "message" | "remedy">,
  what = WHAT[kind],
): string {
  const rows =
    total === null ? "Rows" : `${total.toLocaleString("en")} ${total === 1 ? "row" : "rows"}`;
  const where = [
    constraint && `constraint ${constraint}`,
    columns.length > 0 && `${columns.length === 1 ? "column" : "columns"} ${columns.join(", ")}`,
  ].filter(Boolean);
  const verb = total === 1 ? singular(what) : what;
  const target = refersTo ? ` in ${tableLabel(refersTo)}` : "";
  return `${rows} of ${tableLabel(table)} ${verb}${target}${where.length > 0 ? ` (${where.join(", ")})` : ""}.`;
}

const SINGULAR: Record<string, string> = {
  hold: "holds",
  have: "has",
  do: "does",
  belong: "belongs",
  repeat: "repeats",
  exclude: "excludes",
  refer: "refers",
};

const singular = (what: string): string => what.replace(/^\w+/, (verb) => SINGULAR[verb] ?? verb);

/** A violation without known rows. */
const byNoRow = (
  it: Pick<Violation, "kind" | "table" | "constraint" | "message" | "remedy">,
): Violation => ({ ...it, key: [], columns: [], total: null, rows: [] });

/** Counts as a violated constraint, because a trial run must not succeed if it could not check everything. */
export const describeUntried = ({ table, name, why }: NotRedirected): Violation =>
  byNoRow({
    kind: "check",
    table,
    constraint: name,
    message: `${name} of ${tableLabel(table)} cannot be tried beforehand, and counts as one that would fail: ${why}.`,
    remedy: `Drop ${name}, restore, and add it again. Or restore without this trial run: if the restore fails, it changes nothing.`,
  });

/** In the restore's words. */
export function namesNothing(table: TableName, name: string, error: pg.DatabaseError): Violation {
  const { what, hint: remedy } = describeNotFound(error, table);
  const message = `${what} (${name} of ${tableLabel(table)}).`;
  return byNoRow({ kind: "check", table, constraint: name, message, remedy });
}

export const uncomputable = (refusal: RefusedChange): Violation =>
  byNoRow({
    kind: "value",
    table: refusal.relation,
    constraint: null,
    ...describeUncomputable(refusal),
  });
