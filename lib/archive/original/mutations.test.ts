import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fc from "fast-check";
import { expect, test } from "vitest";
import { BackupError } from "../../errors.ts";
import { looksOriginal } from "../../shared/archive/original-files.ts";
import { fixture, PASSWORD } from "../../testing/original-backups.ts";
import { EntrySource } from "../entry-source.ts";
import { openOriginal } from "./open-original.ts";

/** Files in memory only, because there are thousands. */
class FilesInMemory extends EntrySource {
  readonly kind = "folder";
  readonly sizeBytes = 0;
  readonly others = [];
  readonly entries: EntrySource["entries"];
  readonly #files: Record<string, Buffer>;

  constructor(files: Record<string, Buffer>) {
    super();
    this.#files = files;
    this.entries = new Map(
      Object.entries(files).map(([name, { length }]) => [name, { name, sizeBytes: length }]),
    );
  }

  async *read(name: string): AsyncGenerator<Buffer> {
    const bytes = this.#files[name] ?? Buffer.alloc(0);
    for (let at = 0; at < bytes.length; at += 100) yield bytes.subarray(at, at + 100);
  }

  async close(): Promise<void> {}
}

async function readAll(source: EntrySource): Promise<void> {
  await looksOriginal(source);
  await using archive = await openOriginal(source);
  await archive.unlock(PASSWORD);
  for (const table of archive.manifest.tables) await text(archive.readTable(table));
}

const CODES = ["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED", "WRONG_PASSPHRASE"];

test.for([
  ["plain", "User", 400],
  ["encrypted", "A", 25],
  ["0.3.5-encrypted", "blob", 25],
] as const)(
  "a damaged file of %s is read or refused, never a failure of ours",
  async ([folder, name, numRuns]) => {
    const path = join(fixture(folder), `${name}.json`);
    const whole = await readFile(path);
    const edit = fc.record({
      at: fc.nat(whole.length),
      remove: fc.nat(20),
      insert: fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc
          .constantFrom('"', "\\", "{", "}", "[", "]", ",", ":", "null", "1e999", "\ufeff")
          .map((it) => Buffer.from(it)),
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(edit, { minLength: 1, maxLength: 3 }), async (edits) => {
        let content = whole;
        for (const { at, remove, insert } of edits) {
          content = Buffer.concat([content.subarray(0, at), insert, content.subarray(at + remove)]);
        }
        try {
          await readAll(new FilesInMemory({ [`${name}.json`]: content }));
        } catch (error) {
          if (!(error instanceof BackupError)) throw error;
          expect(CODES).toContain(error.code);
          for (const value of ["alice@x.io", "ADMIN", "b,c"]) {
            expect(JSON.stringify([error.message, error.hint, error.details])).not.toContain(value);
          }
        }
      }),
      { numRuns },
    );
  },
);
