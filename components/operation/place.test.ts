import { expect, it } from "vitest";
import type { Operation } from "../../lib/shared/api.ts";
import type { Stage } from "../../lib/shared/progress.ts";
import { type Place, placeOf } from "./place.ts";

const restore = (state: Operation["state"], stage: Stage, plan: object | null): Operation =>
  ({
    kind: "restore",
    state,
    plan,
    progress: { stage, phase: "preparing", tables: [] },
  }) as unknown as Operation;

const STEPS: Place[] = ["operation", "scope", "changes", "confirm"];
const placesOf = (operation: Operation, isOwn = true) =>
  STEPS.map((wanted) => placeOf(operation, wanted, isOwn));

it("leads a restore that is ready to its first step, and keeps the others", () => {
  const ready = restore("ready", "check", { canStart: true });
  expect(placesOf(ready)).toEqual(["scope", "scope", "changes", "confirm"]);
});

it("leads to why a restore cannot begin, and lets something else be chosen", () => {
  const refused = restore("ready", "check", { canStart: false });
  expect(placesOf(refused)).toEqual(["changes", "scope", "changes", "changes"]);
});

it("shows others what waits, and nothing to choose", () => {
  const ready = restore("ready", "check", { canStart: true });
  expect(new Set(placesOf(ready, false))).toEqual(new Set(["changes"]));
});

it("stays where the first check is watched, and shows a later one where its outcome will be", () => {
  expect(placeOf(restore("running", "check", null), "operation", true)).toBe("operation");
  expect(placeOf(restore("running", "check", {}), "operation", true)).toBe("changes");
  expect(placeOf(restore("running", "rehearsal", null), "operation", true)).toBe("changes");
  expect(placeOf(restore("running", "rehearsal", {}), "confirm", true)).toBe("changes");
});

it("leaves the steps behind once it runs, and when it has ended", () => {
  for (const operation of [
    restore("running", "safety-backup", {}),
    restore("running", "restore", {}),
    restore("succeeded", "restore", {}),
    restore("cancelled", "check", null),
  ]) {
    expect(new Set(placesOf(operation))).toEqual(new Set(["operation"]));
  }
});
