import { expect, it } from "vitest";
import type { Check, RestorePlan } from "../../lib/shared/api.ts";
import { isSettled } from "./plan-findings.tsx";

it("takes a warning of missing rows as settled once a trial run has succeeded", () => {
  const planOf = (wouldSucceed: boolean) => ({ rehearsal: { wouldSucceed } }) as RestorePlan;
  const check: Check = { name: "foreign-keys", state: "warning", message: "" };
  expect(isSettled(check, planOf(true))).toBe(true);
  expect(isSettled(check, planOf(false))).toBe(false);
  expect(isSettled(check, { rehearsal: null } as RestorePlan)).toBe(false);
  expect(isSettled({ ...check, name: "sequences" }, planOf(true))).toBe(false);
  expect(isSettled({ ...check, state: "passed" }, planOf(true))).toBe(false);
});
