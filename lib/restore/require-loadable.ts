import type { BackupError } from "../errors.ts";
import type { Check } from "../shared/api.ts";
import { leaveOutIn } from "../shared/leave-out.ts";
import { type JudgedPlan, OBSTACLES } from "./obstacles.ts";
import type { ReadPlan } from "./read-plan.ts";

/** Returns all findings as checks for a person. */
export const checkLoadable = (plan: ReadPlan): Check[] =>
  OBSTACLES.flatMap(({ name, passed, passedOriginal = passed, isAsked, find }): Check[] => {
    if (isAsked && !isAsked(plan)) return [];
    const error = find(plan);
    if (!error) {
      const message = plan.isOriginal ? passedOriginal : passed;
      return message === undefined ? [] : [{ name, state: "passed", message }];
    }
    const { message, hint, details } = error;
    const leaveOut = leaveOutIn(details);
    return [
      {
        name,
        state: "failed",
        message,
        ...(hint && { remedy: hint }),
        ...(leaveOut && { leaveOut }),
      },
    ];
  });

/** Returns all obstacles as errors. */
export const findObstacles = (plan: JudgedPlan): BackupError[] =>
  OBSTACLES.flatMap(({ find }) => find(plan) ?? []);

/**
 * @throws BackupError DATABASE_READ_ONLY, SCHEMA_DRIFT, INSUFFICIENT_PRIVILEGE, UNTRUSTED_CODE, REQUEST_INVALID or
 *   TABLE_NOT_EMPTY for the first finding that prevents the restore
 */
export function requireLoadable(plan: JudgedPlan): void {
  const [first] = findObstacles(plan);
  if (first) throw first;
}
