/**
 * Reads a file as large as the original could write, all on one line, and prints the time and memory used. Takes a
 * minute and 500 MB of disk, so it is not part of `npm test`:
 *
 *   node lib/archive/original/large-file.check.ts
 */
import assert from "node:assert/strict";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openArchive } from "../archive-reader.ts";

/** Node's longest string, because the original held a whole file in one. */
const SIZE_BYTES = 0x1fffffe8;
const MAX_MEMORY_BYTES = 350e6;

const folder = await mkdtemp(join(tmpdir(), "large-file-"));
try {
  let rows = 0;
  await pipeline(Readable.from(oneLine(() => rows++)), createWriteStream(join(folder, "T.json")));
  const startedAt = performance.now();
  await using archive = await openArchive(folder);
  await archive.unlock({});
  const [table] = archive.manifest.tables;
  assert.equal(table?.rows, rows);
  assert(table);
  let bytes = 0;
  for await (const chunk of archive.readTable(table)) bytes += chunk.length;
  assert.equal(bytes, table.jsonBytes);
  const seconds = Math.round((performance.now() - startedAt) / 1000);
  const memoryBytes = process.resourceUsage().maxRSS * 1024;
  assert(memoryBytes < MAX_MEMORY_BYTES, `${memoryBytes} bytes of memory`);
  console.log(`${rows} rows, read twice in ${seconds} s, with ${memoryBytes / 1e6} MB of memory`);
} finally {
  await rm(folder, { recursive: true });
}

function* oneLine(onRow: () => void): Generator<string> {
  yield "[";
  const body = "lorem ipsum ".repeat(20);
  for (let id = 1, bytes = 0; bytes < SIZE_BYTES - 1000; id++) {
    const row = { id, body, at: "2024-05-06T05:08:09.123Z", __table_name: "T", __row_count: 0 };
    const text = `${id === 1 ? "" : ","}${JSON.stringify(row)}`;
    bytes += text.length;
    onRow();
    yield text;
  }
  yield "]";
}
