import { describe, expect, it } from "vitest";
import type { Operation } from "../lib/shared/api.ts";
import { pollInterval } from "./queries.ts";

const operation = (state: Operation["state"], changed: Operation["changed"] = "nothing") =>
  ({ state, changed }) as Operation;

describe("the look at an operation", () => {
  it("is frequent while it runs", () => {
    for (const state of ["pending", "running"] as const) {
      expect(pollInterval(operation(state))).toBeLessThanOrEqual(1_000);
    }
  });

  it("goes on slowly while it waits for a person, or before it is known", () => {
    expect(pollInterval(operation("ready"))).toBe(2_000);
    expect(pollInterval(undefined)).toBe(2_000);
  });

  it("ends with the operation", () => {
    for (const state of ["succeeded", "failed", "cancelled", "interrupted"] as const) {
      expect(pollInterval(operation(state))).toBe(false);
    }
  });

  it("goes on after an interruption until it is known what is true of the database", () => {
    expect(pollInterval(operation("interrupted", "unknown"))).toBe(2_000);
  });
});
