import type { LoadPlan, PlannedSequence } from "../plan/load-plan.ts";
import { isExpected } from "../plan/load-sequences.ts";
import { isMerge } from "../plan/restore-scope.ts";
import type { SequenceState, SequenceTarget } from "../postgres/sequences.ts";
import type { Warning } from "../shared/api.ts";
import { listNames } from "../shared/name-list.ts";
import { nameOf, tableLabel } from "../shared/table-name.ts";
import type { ReadPlan } from "./read-plan.ts";

const NOT_RESTORED = {
  "column-missing": "COLUMN_LEFT_OUT",
  "table-missing": "SEQUENCE_LEFT_OUT",
} as const;

/** About what is not restored although its table is, or belongs to no table, as far as a plan knows. */
export const notRestoredWarnings = (plan: LoadPlan): Warning[] => [
  // A missing table blocks. If the difference does not block, it is a missing sequence.
  ...plan.drift.flatMap(({ kind, message, table, blocks }) =>
    !blocks && (kind === "column-missing" || kind === "table-missing")
      ? [{ code: NOT_RESTORED[kind], message, table }]
      : [],
  ),
  ...plan.sequenceWarnings,
  ...childrenWarnings(plan),
];

/** A SELECT from these tables also returned rows of tables that inherit from them and are not restored. */
export const childrenWarnings = ({ childrenLeftOut }: LoadPlan): Warning[] =>
  childrenLeftOut.map(({ parent, children }) => ({
    code: "CHILDREN_LEFT_OUT",
    message: `${tableLabel(parent)} is restored with its own rows alone. In the backup, a SELECT from it also shows rows of tables that inherit from it, and some are not restored: ${listNames(children.map(tableLabel))}. Choose them as well to have their rows back.`,
    table: parent,
  }));

export const encodingWarning = ({ encodings }: ReadPlan): Warning[] =>
  encodings === null ? [] : [{ code: "ENCODING_DIFFERS", message: encodings }];

export const NOT_REPLICATED: Warning = {
  code: "NOT_REPLICATED",
  message:
    "The restore is complete and committed on this server. The wait for a synchronous standby was ended before one had confirmed it: if a standby takes over now, it may not have what was restored.",
};

/** Whether the plan has already shown this warning before the restore. */
export const isSaidBefore = ({ code }: Warning): boolean =>
  [...Object.values<string>(NOT_RESTORED), "CHILDREN_LEFT_OUT"].includes(code);

const NOT_SET = "SEQUENCE_NOT_SET_BACK";
export const isNotSet = ({ code }: Warning): boolean => code === NOT_SET;

/** Given for a sequence whose value will differ from the backup's. */
export function sequenceWarning(
  { scope, isOriginal }: ReadPlan,
  { sequence, archived, basis, isFree, isDrawnByLoad }: PlannedSequence,
  live: SequenceState,
  { value, isCalled, isRaised }: SequenceTarget,
): Warning[] {
  const label = tableLabel(sequence);
  const table = nameOf(sequence);
  // The original stored no states. The check before the restore says that the columns' highest values are used.
  if (isOriginal) return [];
  // In a merge, the tables' sequences are not expected to return to the backup's state.
  if (isMerge(scope.mode) && !isFree) return [];
  // The load itself advances it by as many numbers as there are rows.
  if (isDrawnByLoad && basis !== "archived") return [];
  if (isRaised) {
    const stood =
      archived && basis === "archived"
        ? `stood at ${archived.lastValue}`
        : `has no state in the backup that it could take, and stood at ${live.lastValue}`;
    const message = `The sequence ${label} ${stood}, behind the rows that draw from it. It goes to ${value}, so that the next insert does not fail.`;
    return [{ code: "SEQUENCE_RAISED", message, table }];
  }
  // Only tables that stay unchanged use this sequence, so it is not expected to come back.
  if (isFree && !isExpected(sequence)) return [];
  if (!archived || (BigInt(archived.lastValue) === value && archived.isCalled === isCalled))
    return [];
  const message = `The sequence ${label} stays at ${value}, and is not set back to ${archived.lastValue} as in the backup: something that is not restored may have drawn from it since.`;
  return [{ code: NOT_SET, message, table }];
}
