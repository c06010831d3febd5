import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import type { BackupAdminEvent, OnEvent } from "../events.ts";
import { notify } from "./notify.ts";

const EVENT: BackupAdminEvent = {
  type: "upload.deleted",
  at: "2026-01-02T03:04:05.678Z",
  actor: null,
  uploadId: "1",
  fileName: "backup.zip",
  sizeBytes: 1,
  reason: "expired",
};

const stackless = Object.defineProperty(new Error("x"), "stack", {
  get() {
    throw new Error("no stack");
  },
});

/** An unhandled rejection would fail the test. In an app it would end the process. */
async function logOf(onEvent: OnEvent, error = (_: string) => {}): Promise<string[]> {
  const log: string[] = [];
  const logger = {
    error(text: string) {
      log.push(text);
      error(text);
    },
  };
  notify({ config: { onEvent, logger } as Parameters<typeof notify>[0]["config"] }, EVENT);
  for (let turn = 0; turn < 5; turn++) await setImmediate();
  return log;
}

it.each([
  ["an error", new Error("x")],
  ["an object that has no text", Object.create(null)],
  ["an error that has no stack", stackless],
  ["nothing", undefined],
])("what onEvent throws is logged, and ends nothing: %s", async (_, thrown) => {
  const expected = [expect.stringContaining("onEvent upload.deleted: INTERNAL")];
  const onEvent = () => {
    throw thrown;
  };
  expect(await logOf(onEvent)).toEqual(expected);
  expect(await logOf(async () => onEvent())).toEqual(expected);
});

it("nor does a logger that fails, or a callback that never answers", async () => {
  const failing = () => {
    throw new Error("the logger");
  };
  expect(await logOf(failing, failing)).toHaveLength(1);
  expect(await logOf(() => new Promise(() => {}))).toEqual([]);
});
