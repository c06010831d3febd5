import type { Operation } from "../../lib/shared/api.ts";
import type { OperationStep } from "../panel-context.tsx";

/** A page of an operation: a step of a restore that is not begun, or what runs and what came of it. */
export type Place = "operation" | Exclude<OperationStep, "receipt">;

/** A restore that is planned anew says nothing of the database yet. */
export const isPlanning = ({ kind, state, progress: { stage } }: Operation): boolean =>
  kind === "restore" && state === "running" && (stage === "check" || stage === "rehearsal");

/**
 * Which page an operation has now, whatever was asked for: a step cannot be gone to before its time, nor after it.
 *
 * @param isOwn whether the person has begun it: for everybody else there is nothing to choose
 */
export function placeOf(operation: Operation, wanted: Place, isOwn: boolean): Place {
  const { kind, state, plan, progress } = operation;
  if (kind === "backup") return "operation";
  if (isPlanning(operation)) {
    if (wanted === "scope") return "scope";
    const isFirst = plan === null && progress.stage === "check";
    return wanted === "operation" && isFirst ? "operation" : "changes";
  }
  if (state !== "ready" || !plan) return "operation";
  if (!isOwn) return "changes";
  // Why it cannot begin is said first; what might be chosen instead, after that.
  if (!plan.canStart) return wanted === "scope" ? "scope" : "changes";
  return wanted === "operation" ? "scope" : wanted;
}
