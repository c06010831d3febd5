import type { Operation } from "../../lib/shared/api.ts";
import { isPlanning } from "../common/operation-wording.ts";
import type { OperationStep } from "../panel-context.tsx";

/** A page of an operation: a step before a restore starts, or the progress and result. */
export type Place = "operation" | Exclude<OperationStep, "receipt">;

/**
 * Returns the page that an operation shows now. A step cannot be opened too early or too late, whatever was requested.
 *
 * @param isOwn whether this person began the operation. Others have nothing to choose.
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
  // Show first why the restore cannot start. From there, the person can change the scope.
  if (!plan.canStart) return wanted === "scope" ? "scope" : "changes";
  return wanted === "operation" ? "scope" : wanted;
}
