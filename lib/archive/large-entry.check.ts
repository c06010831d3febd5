/**
 * Writes a table of more than 4 GiB, stored and deflated, lets unzip test it, and reads it back. Takes some minutes and
 * 9 GB of disk, so it is not part of `npm test`:
 *
 *   node lib/archive/large-entry.check.ts
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { FORMAT_VERSION } from "../shared/archive-format.ts";
import { openArchive } from "./archive-reader.ts";
import { createArchiveWriter } from "./archive-writer.ts";
import type { ArchiveKey } from "./encryption.ts";

const SIZE_BYTES = 4.3 * 2 ** 30;
const identity = await generateX25519Identity();
const recipients = [await identityToRecipient(identity)];
const folder = await mkdtemp(join(tmpdir(), "large-entry-"));
try {
  await check({ mode: "recipients", recipients });
  await check({ mode: "none" });
} finally {
  await rm(folder, { recursive: true });
}

async function check(key: ArchiveKey): Promise<void> {
  const startedAt = performance.now();
  const path = join(folder, `${key.mode}.zip`);
  const createdAt = new Date();
  const writer = createArchiveWriter({ key, createdAt, output: createWriteStream(path) });
  const large = await writer.writeTable({ schema: "s", name: "large" }, noise());
  const small = await writer.writeTable({ schema: "s", name: "small" }, Readable.from(["[\n]\n"]));
  assert(large.storedBytes > 2 ** 32, "the entry is not large enough to prove anything");
  const facts = { model: null, kind: "table" as const, columns: [], rows: 0 };
  const { archiveBytes } = await writer.finish({
    formatVersion: FORMAT_VERSION,
    createdAt: createdAt.toISOString(),
    tool: "prisma-backup-admin/check",
    database: { name: "d", serverVersion: "15", serverVersionNum: 150000, encoding: "UTF8" },
    schemaFingerprint: "0".repeat(64),
    migrations: [],
    encryption: key.mode,
    insertionOrder: { components: [], edges: [] },
    tables: [
      { schema: "s", name: "large", ...facts, ...large },
      { schema: "s", name: "small", ...facts, ...small },
    ],
    sequences: [],
    warnings: [],
  });
  report(`${key.mode}: written, ${archiveBytes} bytes`, startedAt);

  const tested = execFileSync("unzip", ["-t", path], { encoding: "utf8" });
  assert.match(tested, /No errors detected/);
  report(`${key.mode}: unzip -t finds no error`, startedAt);

  await using archive = await openArchive(path);
  await archive.unlock({ identity });
  for (const table of archive.manifest.tables) {
    await pipeline(archive.readTable(table), new Writable({ write: (_c, _e, done) => done() }));
  }
  report(`${key.mode}: read back, every digest right`, startedAt);
}

/** Incompressible, so that the stored entry has the same size. */
function noise(): Readable {
  let sizeBytes = 0;
  return new Readable({
    read() {
      sizeBytes += 2 ** 20;
      this.push(sizeBytes > SIZE_BYTES ? null : randomBytes(2 ** 20));
    },
  });
}

function report(what: string, startedAt: number): void {
  const rssMb = Math.round(process.memoryUsage().rss / 1e6);
  console.log(`${what} (${Math.round((performance.now() - startedAt) / 1000)} s, ${rssMb} MB RSS)`);
}
