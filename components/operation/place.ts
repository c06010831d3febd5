import type { Operation } from "../../lib/shared/api.ts";
import { isPlanning } from "../common/operation-wording.ts";
import type { OperationStep } from "../panel-context.tsx";

/** A page of an operation: what a restore would do, which part of it, or the progress and result. */
export type Place = "operation" | Exclude<OperationStep, "receipt">;

/**
 * Returns the page that an operation shows now. A step cannot be opened too early or too late, whatever was requested.
 *
 * @param isOwn whether this person began the operation. Others have nothing to choose.
 */
export function placeOf(operation: Operation, wanted: Place, isOwn: boolean): Place {
  const { state, plan } = operation;
  if (!plan || (state !== "ready" && !isPlanning(operation))) return "operation";
  return wanted === "scope" && isOwn ? "scope" : "changes";
}
