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

const STEPS: Place[] = ["operation", "scope", "changes"];
const placesOf = (operation: Operation, isOwn = true) =>
  STEPS.map((wanted) => placeOf(operation, wanted, isOwn));

it("leads a restore that is checked to its review, and lets its scope be changed", () => {
  for (const plan of [{ canStart: true }, { canStart: false }]) {
    const ready = restore("ready", "check", plan);
    expect(placesOf(ready)).toEqual(["changes", "scope", "changes"]);
  }
});

it("shows others what waits, and nothing to choose", () => {
  const ready = restore("ready", "check", { canStart: true });
  expect(new Set(placesOf(ready, false))).toEqual(new Set(["changes"]));
});

it("stays where the first check is watched, and at the review while it is planned and rehearsed", () => {
  expect(new Set(placesOf(restore("running", "check", null)))).toEqual(new Set(["operation"]));
  for (const stage of ["check", "rehearsal"] as const) {
    expect(placesOf(restore("running", stage, {}))).toEqual(["changes", "scope", "changes"]);
  }
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
