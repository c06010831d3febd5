import { describe, expect, it } from "vitest";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import {
  announcementOf,
  fractionOf,
  phaseSteps,
  stateLabel,
  truthOf,
} from "./operation-wording.ts";

const plan: RestorePlan = {
  id: "1",
  scope: { mode: "replace" },
  rehearsal: null,
  actorIsInBackup: null,
  migrations: [],
  safetyBackup: null,
  manifest: {
    formatVersion: 1,
    createdAt: "2026-01-01T00:00:00Z",
    tool: "t",
    database: { name: "shop", serverVersion: "18" },
    encryption: "none",
    tables: [],
    sequences: 0,
    migrations: [],
    warnings: [],
  },
  checks: [],
  insertionOrder: { components: [], edges: [] },
  drift: [],
  warnings: [],
  tables: [],
  canStart: true,
};

const operation = (changes: Partial<Operation>): Operation => ({
  id: "1",
  kind: "backup",
  state: "running",
  actor: { id: "a", name: "Ada" },
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: "2026-01-01T00:00:01Z",
  endedAt: null,
  now: "2026-01-01T00:00:02Z",
  encryption: "none",
  fileName: "shop.zip",
  cancelRequested: false,
  cancelledBy: null,
  archive: null,
  safetyBackup: null,
  undoes: null,
  progress: { stage: "backup", phase: "dumping", tables: [] },
  plan: null,
  result: null,
  error: null,
  changed: "nothing",
  ...changes,
});

const table = (rows: number, totalRows: number, state: "running" | "done" = "running") => ({
  schema: "public",
  name: "a",
  model: null,
  state,
  rows,
  totalRows,
  totalIsExact: false,
  bytes: 0,
});

describe("the truth after the end", () => {
  it("tells of the database, and of the file that came of it", () => {
    expect(truthOf(operation({ state: "succeeded" }))).toBe("Nothing in the database was changed.");
    expect(truthOf(operation({ state: "failed" }))).toContain("The downloaded file is incomplete");
    expect(truthOf(operation({ state: "cancelled", startedAt: null }))).toContain(
      "Nothing was downloaded",
    );
  });

  it("is what the server says of a restore, whatever its state", () => {
    const restore = (changed: Operation["changed"]) =>
      truthOf(operation({ kind: "restore", state: "interrupted", changed }));
    expect(restore("nothing")).toBe("Nothing was changed.");
    expect(restore("everything")).toBe("The database was restored.");
    expect(restore("unknown")).toContain("not known yet");
  });

  it("is of an undo that the restore was undone", () => {
    const undo = operation({ kind: "restore", state: "succeeded", changed: "everything" });
    expect(truthOf({ ...undo, undoes: "1" })).toBe("The restore was undone.");
  });
});

describe("the steps and the state", () => {
  it("tell the check of an upload from the restore after it", () => {
    const check = operation({
      kind: "restore",
      progress: { stage: "check", phase: "verifying", tables: [] },
    });
    expect(stateLabel(check)).toBe("Checking");
    expect(phaseSteps(check).map((step) => step.state)).toEqual(["done", "current"]);
    const restore = operation({
      kind: "restore",
      plan,
      progress: { stage: "restore", phase: "loading", tables: [] },
    });
    expect(stateLabel(restore)).toBe("Restoring");
    expect(phaseSteps(restore).map((step) => step.state)).toEqual([
      "done",
      "done",
      "current",
      "waiting",
      "waiting",
      "waiting",
    ]);
    expect(stateLabel({ ...restore, cancelRequested: true })).toBe("Cancelling");
    expect(stateLabel({ ...restore, state: "ready" })).toBe("Waiting for confirmation");
    expect(stateLabel({ ...restore, state: "ready", plan: { ...plan, canStart: false } })).toBe(
      "Cannot be restored",
    );
  });
});

describe("progress", () => {
  it("is unknown without a plan, and nearly whole where there is nothing to do", () => {
    expect(fractionOf(operation({}))).toBeNull();
    expect(
      fractionOf(
        operation({ progress: { stage: "backup", phase: "dumping", tables: [table(0, 0)] } }),
      ),
    ).toBe(0.99);
  });

  it("is not whole before the end, also when an estimate was too low", () => {
    const low = operation({
      progress: { stage: "backup", phase: "dumping", tables: [table(900, 10, "done")] },
    });
    expect(fractionOf(low)).toBe(0.99);
  });

  it("is read out at each tenth, not at each row", () => {
    const at = (rows: number) =>
      announcementOf(
        operation({ progress: { stage: "backup", phase: "dumping", tables: [table(rows, 100)] } }),
      );
    expect(at(40)).toBe("Downloading: Read the tables, 40%");
    expect(at(49)).toBe(at(40));
    expect(at(50)).not.toBe(at(49));
    // Ten tenths, and the 99% that the page shows until the end.
    expect(at(100)).toBe("Downloading: Read the tables, 99%");
    expect(new Set(Array.from({ length: 101 }, (_, rows) => at(rows))).size).toBe(11);
  });
});
