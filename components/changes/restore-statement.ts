import type { Operation, RestoreMode, RestorePlan } from "../../lib/shared/api.ts";
import { formatAge, formatCount, formatMoment, formatNoun } from "../../lib/shared/format.ts";
import { describeRows, isEverything, MERGING_MODES, partOf } from "../scope/mode-wording.ts";

type Waiting = Pick<Operation, "now" | "undoes">;

/** Names the moment to which a restore goes back: `Go back to 30 Nov 2026, 06:24 UTC (23 minutes ago).` */
export function headlineOf(plan: RestorePlan, operation: Waiting): string {
  const { now, undoes } = operation;
  const { scope, manifest } = plan;
  const { createdAt } = manifest;
  const moment = createdAt
    ? `${formatMoment(createdAt)} (${formatAge(createdAt, Date.parse(now))})`
    : "a moment that the backup does not name";
  if (scope.rows) return `Bring back ${describeRows(scope.rows)} from ${moment}.`;
  const some = partOf(plan, operation);
  if (MERGING_MODES.includes(scope.mode)) {
    return `Bring back rows${some ? ` of ${some}` : ""} from ${moment}.`;
  }
  if (undoes) return `Go back to ${moment}, just before the restore.`;
  if (some) return `Go back to ${moment} in ${some}.`;
  return `Go back to ${moment}${isEverything(plan) ? "" : " in a part of the tables"}.`;
}

/** Whether a trial run has found that nothing would change. */
export const isIdentical = ({ rehearsal }: Pick<RestorePlan, "rehearsal">): boolean => {
  const changes = rehearsal?.wouldSucceed ? rehearsal.changes : null;
  return changes !== null && changes.added + changes.removed + changes.changed === 0;
};

/**
 * Says what a trial run has found: `26,955 rows come back, 972 change, 1 row added since then is lost.` Null if there is
 * no such figure.
 */
export function consequencesOf({ scope, rehearsal }: RestorePlan): string | null {
  if (!rehearsal?.wouldSucceed || !rehearsal.changes) return null;
  const { added, removed, changed } = rehearsal.changes;
  const counted = (count: number, isFirst: boolean) =>
    isFirst ? formatNoun(count, "row") : formatCount(count);
  const parts: string[] = [];
  if (added > 0) parts.push(`${formatNoun(added, "row")} ${added === 1 ? "comes" : "come"} back`);
  if (changed > 0) {
    parts.push(`${counted(changed, parts.length === 0)} ${verbOf(scope.mode, changed)}`);
  }
  if (removed > 0) {
    parts.push(
      `${formatNoun(removed, "row")} added since then ${removed === 1 ? "is" : "are"} lost`,
    );
  }
  const nothing = MERGING_MODES.includes(scope.mode) ? " Nothing is deleted." : "";
  return parts.length === 0 ? null : `${parts.join(", ")}.${nothing}`;
}

const verbOf = (mode: RestoreMode, count: number): string =>
  mode === "overwrite"
    ? `${count === 1 ? "is" : "are"} replaced`
    : count === 1
      ? "changes"
      : "change";

/** In milliseconds. An older trial run may no longer be true of the database. */
const FRESH_MS = 5 * 60_000;

/** When the trial run of a plan ended. Null without one. Its start is known, because the plan is stored at that moment. */
export function trialRunTime(
  { rehearsal }: Pick<RestorePlan, "rehearsal">,
  { startedAt, now }: Pick<Operation, "startedAt" | "now">,
): { endedAt: string; isOld: boolean } | null {
  if (!rehearsal || !startedAt) return null;
  const endedMs = Math.min(Date.parse(startedAt) + rehearsal.elapsedMs, Date.parse(now));
  return {
    endedAt: new Date(endedMs).toISOString(),
    isOld: Date.parse(now) - endedMs > FRESH_MS,
  };
}

/** Says how long the app waits for the restore, by its trial run: `The app waits for about 3 seconds.` */
export function waitOf({ rehearsal }: Pick<RestorePlan, "rehearsal">): string | null {
  if (!rehearsal?.wouldSucceed) return null;
  const seconds = Math.max(1, Math.round(rehearsal.elapsedMs / 1000));
  const time =
    seconds < 100 ? formatNoun(seconds, "second") : formatNoun(Math.round(seconds / 60), "minute");
  return `The app waits for about ${time}.`;
}
