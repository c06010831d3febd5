import type { BackupError } from "../errors.ts";
import type { Check } from "../shared/api.ts";
import { leaveOutIn } from "../shared/leave-out.ts";
import { OBSTACLES } from "./obstacles.ts";
import type { JudgedPlan, ReadPlan } from "./read-plan.ts";

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

export const findObstacles = (plan: JudgedPlan): BackupError[] =>
  OBSTACLES.flatMap(({ find }) => find(plan) ?? []);

/** @throws BackupError for the first finding that prevents the restore */
export function requireLoadable(plan: JudgedPlan): void {
  const [first] = findObstacles(plan);
  if (first) throw first;
}
