import { describe, expect, it } from "vitest";
import type { Operation, Warning } from "./api.ts";
import { toReceipt } from "./receipt.ts";

const users = { schema: "public", name: "users", model: "User" };
const drafts = { schema: "public", name: "drafts", model: null };
const known: Warning = { code: "MATERIALIZED_VIEW", message: "A view is not in the backup." };

const restore: Operation = {
  id: "r1",
  kind: "restore",
  state: "succeeded",
  actor: { id: "u7", name: "Ada" },
  createdAt: "2026-01-01T00:00:00Z",
  startedAt: "2026-01-01T00:05:00Z",
  endedAt: "2026-01-01T00:05:02Z",
  now: "2026-01-02T00:00:00Z",
  encryption: "passphrase",
  fileName: "shop.zip",
  cancelRequested: false,
  cancelledBy: null,
  archive: { sizeBytes: 2048, sha256: "ab".repeat(32) },
  safetyBackup: null,
  undoes: "r0",
  progress: { stage: "restore", phase: "committing", tables: [] },
  plan: {
    id: "1",
    scope: {
      mode: "overwrite",
      rows: [
        { schema: "public", name: "users", places: [1, 5] },
        { schema: "public", name: "drafts", places: [2] },
      ],
    },
    rehearsal: null,
    actorIsInBackup: true,
    migrations: [],
    safetyBackup: null,
    manifest: {
      formatVersion: 1,
      createdAt: "2025-12-31T00:00:00Z",
      tool: "prisma-backup-admin 0.1.0",
      database: { name: "shop", serverVersion: "18.0" },
      encryption: "passphrase",
      tables: [],
      sequences: 1,
      migrations: [],
      warnings: [],
    },
    checks: [{ name: "key", state: "passed", message: "It opens." }],
    insertionOrder: { components: [], edges: [] },
    drift: [],
    warnings: [known],
    tables: [
      { ...users, rows: 3, rowsNow: 2, action: "merge" },
      { ...drafts, rows: 9, rowsNow: 9, action: "skip", reason: "It was not chosen." },
    ],
    canStart: true,
  },
  result: {
    elapsedMs: 1234,
    tables: [{ ...users, rows: 3, jsonBytes: 99, jsonSha256: "cd", rowsBefore: 2, rowsAfter: 4 }],
    rows: 3,
    jsonBytes: 99,
    sequences: 1,
    sequenceStates: [{ schema: "public", name: "users_id_seq", lastValue: "7", isCalled: true }],
    warnings: [known, { code: "SEQUENCE_RAISED", message: "A sequence was raised." }],
  },
  error: null,
  changed: "everything",
};

describe("toReceipt", () => {
  it("says of a restore who, when, from what, and each table before and after", () => {
    expect(toReceipt(restore)).toMatchObject({
      operationId: "r1",
      state: "succeeded",
      changed: "everything",
      undoes: "r0",
      actor: { id: "u7", name: "Ada" },
      elapsedMs: 1234,
      archive: { fileName: "shop.zip", encryption: "passphrase", sizeBytes: 2048 },
      backup: { createdAt: "2025-12-31T00:00:00Z", database: { name: "shop" } },
      scope: { mode: "overwrite", tables: null, chosenRows: 3 },
      tables: [{ ...users, rowsBefore: 2, rowsInBackup: 3, rowsAfter: 4, jsonSha256: "cd" }],
      leftOut: [{ ...drafts, reason: "It was not chosen." }],
      sequenceStates: [{ name: "users_id_seq", lastValue: "7" }],
      checks: [{ name: "key" }],
    });
  });

  it("names a warning once that the check and the restore have both given", () => {
    expect(toReceipt(restore)?.warnings.map(({ code }) => code)).toEqual([
      "MATERIALIZED_VIEW",
      "SEQUENCE_RAISED",
    ]);
  });

  it("says of one that failed why, and of no table that it was restored", () => {
    const error = { code: "LOAD_FAILED" as const, message: "A row was refused." };
    const failed = toReceipt({
      ...restore,
      state: "failed",
      result: null,
      error,
      changed: "nothing",
    });
    expect(failed).toMatchObject({ tables: [], elapsedMs: null, error, changed: "nothing" });
  });

  it("says who cancelled it", () => {
    const cancelledBy = { id: "u8", name: "Bob" };
    expect(toReceipt({ ...restore, state: "cancelled", cancelledBy })).toMatchObject({
      actor: { id: "u7", name: "Ada" },
      cancelledBy,
    });
  });

  it("has nothing of plan or scope for a backup", () => {
    const receipt = toReceipt({ ...restore, kind: "backup", plan: null, undoes: null });
    expect(receipt).toMatchObject({ backup: null, scope: null, leftOut: [], checks: [] });
  });

  it("stays as it is when the safety backup is kept no longer", () => {
    const safetyBackup = { createdAt: "c", sizeBytes: 5, encryption: "none" as const };
    const of = (isKept: boolean) =>
      toReceipt({ ...restore, safetyBackup: { ...safetyBackup, isKept, keptUntil: "k" } });
    expect(of(true)?.safetyBackup).toEqual(safetyBackup);
    expect(of(true)).toEqual(of(false));
  });

  it("is only for what has ended", () => {
    expect(toReceipt({ ...restore, state: "ready" })).toBeNull();
  });

  it("stays as it is through JSON", () => {
    const receipt = toReceipt(restore);
    expect(JSON.parse(JSON.stringify(receipt))).toEqual(receipt);
  });
});
