import type { LoadPlan, PlannedSequence } from "../plan/load-plan.ts";
import type { SequenceTarget } from "../postgres/sequences.ts";
import type { Warning } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import type { ReadPlan } from "./read-plan.ts";

/** What of the backup is not restored, although its table is. */
export const leftOutWarnings = ({ drift }: LoadPlan): Warning[] =>
  drift
    .filter(({ kind }) => kind === "column-missing")
    .map(({ message, table }) => ({ code: "COLUMN_LEFT_OUT", message, table }));

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
