import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryFolder, writeArchive } from "../../lib/testing/archives.ts";
import { createWorkerMethods } from "./worker-methods.ts";
import type { WorkerProgress } from "./worker-protocol.ts";

const ROWS = Array.from({ length: 30_000 }, (_, id) => ({ id, name: `name ${id % 1000}` }));
const JSON_LINES = `[${ROWS.map((row) => JSON.stringify(row)).join("\n,")}\n]\n`;

async function openRows() {
  const path = join(await temporaryFolder(), "a.zip");
  const manifest = await writeArchive(
    path,
    { mode: "none" },
    { rows: JSON_LINES, other: "[\n]\n" },
  );
  // The test's writer stores no columns.
  expect(manifest.tables[0]?.columns).toEqual([]);
  const methods = createWorkerMethods();
  const file = new Blob([(await readFile(path)) as BlobPart]);
  const progress: WorkerProgress[] = [];
  const controller = new AbortController();
  const call = {
    signal: controller.signal,
    onProgress: (event: WorkerProgress) => void progress.push(event),
  };
  expect((await methods.open({ file }, call)).isOpen).toBe(true);
  await methods.unlock({}, call);
  return { methods, call, progress, controller };
}

it("verifies with progress for every table", async () => {
  const { methods, call, progress } = await openRows();
  expect(await methods.verify(null, call)).toEqual({ kind: "fine" });
  const last = new Map(
    progress
      .flatMap((event) => (event.type === "tables" ? event.tables : []))
      .map((it) => [it[0], it]),
  );
  expect(last.get(0)).toEqual([0, "done", 30_000, JSON_LINES.length]);
  expect(last.get(1)).toEqual([1, "done", 0, 4]);
});

it("gives one row whole, as it is written", async () => {
  const { methods, call } = await openRows();
  expect(await methods.openTable({ index: 0 }, call)).toEqual({ columns: [], rows: 30_000 });
  expect(await methods.row({ place: 12 }, call)).toBe(JSON.stringify(ROWS[11], null, 2));
  const rows = await methods.rows({ from: 29_998, to: 30_005, isFound: false }, call);
  expect(rows.map(({ place }) => place)).toEqual([29_999, 30_000]);
});

it("lets go of a table's rows when another is opened, and when it is closed", async () => {
  const { methods, call } = await openRows();
  await methods.openTable({ index: 0 }, call);
  expect(await methods.openTable({ index: 1 }, call)).toMatchObject({ rows: 0 });
  expect(await methods.rows({ from: 0, to: 9, isFound: false }, call)).toEqual([]);
  await methods.closeTable(null, call);
  expect(() => methods.rows({ from: 0, to: 9, isFound: false }, call)).toThrow("No table");
});

it("stops what is cancelled", async () => {
  const { methods, call, controller } = await openRows();
  controller.abort();
  await expect(methods.verify(null, call)).rejects.toMatchObject({ name: "AbortError" });
  await expect(methods.openTable({ index: 0 }, call)).rejects.toMatchObject({ name: "AbortError" });
});
