import type { LoadPlan, PlannedSequence } from "../plan/load-plan.ts";
import type { SequenceTarget } from "../postgres/sequences.ts";
import type { Warning } from "../shared/api.ts";
import { listNames } from "../shared/name-list.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { ReadPlan } from "./read-plan.ts";

/** What of the backup is not restored, although its table is. */
export const leftOutWarnings = (plan: LoadPlan): Warning[] => [
  ...plan.drift
    .filter(({ kind }) => kind === "column-missing")
    .map(({ message, table }) => ({ code: "COLUMN_LEFT_OUT", message, table })),
  ...childrenWarnings(plan),
];

/** For tables that are restored without others whose rows a SELECT from them showed when the backup was made. */
export const childrenWarnings = ({ childrenLeftOut }: LoadPlan): Warning[] =>
  childrenLeftOut.map(({ parent, children }) => ({
    code: "CHILDREN_LEFT_OUT",
    message: `${tableLabel(parent)} is restored with its own rows alone. In the backup, a SELECT from it also shows rows of tables that inherit from it, and some are not restored: ${listNames(children.map(tableLabel))}. Choose them as well to have their rows back.`,
    table: parent,
  }));

/** Where the backup's text is in another encoding than the database's. */
export const encodingWarning = ({ encodings }: ReadPlan): Warning[] =>
  encodings === null ? [] : [{ code: "ENCODING_DIFFERS", message: encodings }];

/** For a sequence that cannot stand where it stood. */
export function raisedWarning(
  { sequence, lastValue }: PlannedSequence,
  { value, isRaised }: SequenceTarget,
  isOriginal: boolean,
): Warning[] {
  // The original stored none: theirs are their columns' maxima, as is said beforehand.
  if (!isRaised || isOriginal) return [];
  return [
    {
      code: "SEQUENCE_RAISED",
      message: `The sequence ${tableLabel(sequence)} stood at ${lastValue}, behind the rows that draw from it. It was set to ${value}, or the next insert would have failed.`,
      table: { schema: sequence.schema, name: sequence.name },
    },
  ];
}
