import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, Readable, Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import JSZip from "jszip";
import { beforeAll, describe, expect, it } from "vitest";
import { BackupError } from "../errors.ts";
import {
  CREATED_AT,
  cheapPassphraseKey,
  codeOf,
  manifestFor,
  manyRows,
  PASSPHRASE,
  sha256,
  shell,
  TABLES,
  temporaryFolder,
  terminal,
  writeArchive,
} from "../testing/archives.ts";
import { requireTool } from "../testing/oracles.ts";
import { until } from "../testing/patience.ts";
import { createArchiveWriter } from "./archive-writer.ts";
import { type ArchiveKey, createArchiveKey } from "./encryption.ts";
import { createZipSink } from "./zip-sink.ts";

const hasZip = requireTool("unzip") && requireTool("jq");
const hasAge = hasZip && requireTool("age") && requireTool("zstd") && requireTool("sha256sum");
const hasTerminal = hasAge && requireTool("script");
const hasPython = requireTool("python3");

const NONE: ArchiveKey = { mode: "none" };
let identity: string;
let recipientsKey: ArchiveKey;
beforeAll(async () => {
  identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  recipientsKey = await createArchiveKey({ mode: "recipients", recipients });
});

describe("other tools open it", () => {
  it.skipIf(!hasZip)("mode none: unzip and jq", async () => {
    const folder = await temporaryFolder();
    const manifest = await writeArchive(join(folder, "a.zip"), NONE);
    await shell("unzip -t a.zip", folder);
    expect(await shell("unzip -Z1 a.zip", folder)).toBe(
      [
        "README.txt",
        "tables/public.User.json",
        "tables/public.empty.json",
        "tables/public.Gr%C3%B6%C3%9Fe%2F1%2E2.json",
        "tables/public.large.json",
        "manifest.json\n",
      ].join("\n"),
    );
    for (const { entry, rows, name } of manifest.tables) {
      expect(await shell(`unzip -p a.zip '${entry}'`, folder)).toBe(TABLES[name]);
      expect(await shell(`unzip -p a.zip '${entry}' | jq length`, folder)).toBe(`${rows}\n`);
    }
    expect(JSON.parse(await shell("unzip -p a.zip manifest.json | jq .", folder))).toEqual(
      manifest,
    );
  });

  it.skipIf(!hasAge)("mode recipients: unzip, age, zstd and sha256sum", async () => {
    const folder = await temporaryFolder();
    const manifest = await writeArchive(join(folder, "a.zip"), recipientsKey);
    await writeFile(join(folder, "id.txt"), `${identity}\n`);
    await shell("unzip -t a.zip", folder);
    for (const { entry, name, jsonSha256, storedSha256 } of manifest.tables) {
      const json = `unzip -p a.zip '${entry}' | age -d -i id.txt | zstd -d`;
      expect(await shell(json, folder)).toBe(TABLES[name]);
      expect(await shell(`${json} | sha256sum`, folder)).toContain(jsonSha256);
      expect(await shell(`unzip -p a.zip '${entry}' | sha256sum`, folder)).toContain(storedSha256);
    }
    const text = await shell("unzip -p a.zip manifest.json.age | age -d -i id.txt", folder);
    expect(JSON.parse(text)).toEqual(manifest);
  });

  it.skipIf(!hasTerminal)("mode passphrase: unzip, age with the passphrase, zstd", async () => {
    const folder = await temporaryFolder();
    await writeArchive(join(folder, "a.zip"), await cheapPassphraseKey());
    await shell("unzip a.zip", folder);
    const command = "age -d -i key.age tables/public.User.json.zst.age | zstd -d > User.json";
    await terminal(command, [PASSPHRASE], folder);
    expect(await shell("cat User.json", folder)).toBe(TABLES.User);
  });

  it.skipIf(!hasPython)("Python's zipfile", async () => {
    const folder = await temporaryFolder();
    await writeArchive(join(folder, "a.zip"), recipientsKey);
    const script =
      "import zipfile; z = zipfile.ZipFile('a.zip'); print(z.testzip(), len(z.namelist()))";
    expect(await shell(`python3 -c "${script}"`, folder)).toBe("None 6\n");
  });

  it("JSZip, in the browser", async () => {
    const folder = await temporaryFolder();
    await writeArchive(join(folder, "a.zip"), NONE);
    const zip = await JSZip.loadAsync(await readFile(join(folder, "a.zip")), { checkCRC32: true });
    expect(await zip.file("tables/public.User.json")?.async("string")).toBe(TABLES.User);
  });
});

it("counts and digests what went in and what is stored", async () => {
  const output = new PassThrough();
  const all = buffer(output);
  const writer = createArchiveWriter({ key: NONE, createdAt: CREATED_AT, output });
  const json = '[{"a":"ä"}\n]\n';
  // One byte per chunk, which must not affect the result.
  const source = Readable.from([...Buffer.from(json)].map((byte) => Buffer.from([byte])));
  const written = await writer.writeTable({ schema: "s", name: "t" }, source);
  expect(written).toEqual({
    entry: "tables/s.t.json",
    jsonBytes: 14,
    jsonSha256: sha256(json),
    storedBytes: 14,
    storedSha256: sha256(json),
  });
  const table = {
    schema: "s",
    name: "t",
    model: null,
    kind: "table" as const,
    columns: [],
    rows: 1,
  };
  const { archiveBytes } = await writer.finish(manifestFor("none", [{ ...table, ...written }]));
  expect(archiveBytes).toBe((await all).length);
});

it("sends README.txt before any table is written", async () => {
  const output = new PassThrough();
  const writer = createArchiveWriter({ key: NONE, createdAt: CREATED_AT, output });
  const [first] = await once(output, "data", { signal: AbortSignal.timeout(1000) });
  expect(String(first)).toContain("README.txt");
  writer.abort(new Error("end of test"));
});

it("refuses a manifest that is not of its tables, and a table twice", async () => {
  for (const misuse of ["manifest", "table", "table at once"]) {
    const output = new PassThrough().resume();
    const writer = createArchiveWriter({ key: NONE, createdAt: CREATED_AT, output });
    const table = { schema: "s", name: "t" };
    const first = writer.writeTable(table, Readable.from(["[\n]\n"], { objectMode: false }));
    // The first table fails together with the archive if it has not ended.
    if (misuse === "table at once") first.catch(() => {});
    else await first;
    const wrong =
      misuse === "manifest"
        ? writer.finish(manifestFor("none", []))
        : writer.writeTable(table, Readable.from(["[\n]\n"], { objectMode: false }));
    await expect(wrong).rejects.toThrow();
    expect(output.destroyed).toBe(true);
  }
});

/** An endless source that shows whether it was destroyed. */
function endless(): Readable {
  return new Readable({
    read() {
      setImmediate(() => this.push(randomBytes(10_000)));
    },
  });
}

describe.each(["none", "recipients"] as const)(
  "in mode %s, nothing hangs and all is released",
  (mode) => {
    const TABLE = { schema: "s", name: "t" };
    const start = (output: Writable, signal?: AbortSignal) =>
      createArchiveWriter({
        key: mode === "none" ? NONE : recipientsKey,
        createdAt: CREATED_AT,
        output,
        signal,
      });

    it.each([0, 1, 2, 50])("when the source fails at chunk %i", async (failAt) => {
      const failure = new Error("the database went away");
      async function* chunks() {
        for (let index = 0; index < failAt; index++) yield Buffer.alloc(50_000, "x");
        throw failure;
      }
      const output = new PassThrough().resume();
      const writer = start(output);
      const source = Readable.from(chunks(), { objectMode: false });
      await expect(writer.writeTable(TABLE, source)).rejects.toBe(failure);
      expect([source.destroyed, output.destroyed, output.errored]).toEqual([true, true, failure]);
      await expect(writer.finish(manifestFor(mode, []))).rejects.toBe(failure);
      const next = endless();
      await expect(writer.writeTable({ ...TABLE, name: "u" }, next)).rejects.toBe(failure);
      expect(next.destroyed).toBe(true);
    });

    it("when the next source fails while a table is still being written", async () => {
      const failure = new Error("the database went away");
      const writer = start(new PassThrough());
      const written = writer.writeTable(TABLE, manyRows(5e6));
      const next = new Readable({ read: () => {} });
      const failing = writer.writeTable({ ...TABLE, name: "u" }, next);
      next.destroy(failure);
      await expect(failing).rejects.toBe(failure);
      await expect(written).rejects.toBe(failure);
    });

    it.each([1, 2, 5, 20])("when the receiver goes after chunk %i", async (goneAt) => {
      let chunks = 0;
      const output = new Writable({
        write(_chunk, _encoding, done) {
          if (++chunks > goneAt) this.destroy();
          else done();
        },
      });
      const source = endless();
      expect(await codeOf(start(output).writeTable(TABLE, source))).toBe("ABORTED");
      expect(source.destroyed).toBe(true);
    });

    it("when the receiver goes while nothing is being written", async () => {
      const output = new PassThrough().resume();
      const writer = start(output);
      await sleep(20);
      output.destroy();
      await sleep(20);
      const source = endless();
      expect(await codeOf(writer.writeTable(TABLE, source))).toBe("ABORTED");
      expect(source.destroyed).toBe(true);
      expect(await codeOf(writer.finish(manifestFor(mode, [])))).toBe("ABORTED");
    });

    it("when the output fails", async () => {
      const output = new Writable({
        write: (_chunk, _encoding, done) =>
          done(Object.assign(new Error("disk full at /secret/path"), { code: "ENOSPC" })),
      });
      const source = endless();
      await expect(start(output).writeTable(TABLE, source)).rejects.toMatchObject({
        code: "DUMP_FAILED",
        message: expect.not.stringContaining("secret"),
      });
      expect(source.destroyed).toBe(true);
    });

    it("when it is aborted while the receiver takes nothing", async () => {
      const stuck = () => new Writable({ write: () => {} });
      const byWriter = new AbortController();
      const outputs = [stuck(), stuck()] as const;
      const sources = [endless(), endless()] as const;
      const writers = [start(outputs[0], byWriter.signal), start(outputs[1])] as const;
      const reason = new BackupError("OPERATION_STATE", "A reason of our own.");
      const results = [
        codeOf(writers[0].writeTable(TABLE, sources[0])),
        codeOf(writers[1].writeTable(TABLE, sources[1])),
      ];
      await sleep(50);
      byWriter.abort();
      writers[1].abort(reason);
      writers[1].abort(new Error("the first reason counts"));
      expect(await Promise.all(results)).toEqual(["ABORTED", "OPERATION_STATE"]);
      for (const stream of [...outputs, ...sources]) expect(stream.destroyed).toBe(true);
    });

    it("when it is aborted before it begins", async () => {
      const reason = new BackupError("OPERATION_STATE", "A reason of our own.");
      const source = endless();
      const writer = start(new PassThrough(), AbortSignal.abort(reason));
      await expect(writer.writeTable(TABLE, source)).rejects.toBe(reason);
      expect(source.destroyed).toBe(true);
    });

    it("when it is aborted after it is finished, which changes nothing", async () => {
      const controller = new AbortController();
      const output = new PassThrough();
      const all = buffer(output);
      const writer = start(output, controller.signal);
      await writer.finish(manifestFor(mode, []));
      controller.abort();
      writer.abort(new Error("too late"));
      expect((await all).length).toBeGreaterThan(1000);
    });
  },
);

describe("memory stays bounded", () => {
  it.each(["none", "recipients"] as const)(
    "writing 300 MB in mode %s to a slow receiver",
    async (mode) => {
      const source = manyRows(300e6);
      let peak = 0;
      let received = 0;
      const output = new Writable({
        write(chunk: Buffer, _encoding, done) {
          received += chunk.length;
          peak = Math.max(peak, process.memoryUsage().rss);
          setImmediate(done);
        },
      });
      const before = process.memoryUsage().rss;
      const key = mode === "none" ? NONE : recipientsKey;
      const writer = createArchiveWriter({ key, createdAt: CREATED_AT, output });
      const { jsonBytes } = await writer.writeTable({ schema: "s", name: "t" }, source);
      writer.abort(new Error("end of test"));
      expect(jsonBytes).toBeGreaterThan(290e6);
      expect(received).toBeGreaterThan(1e6);
      expect(peak - before).toBeLessThan(150e6);
    },
  );

  async function collectGarbage(): Promise<void> {
    setFlagsFromString("--expose-gc");
    const collect: () => void = runInNewContext("gc");
    collect();
    await sleep(50);
  }

  it("a zip keeps no stream that is written", async () => {
    const sink = createZipSink(new PassThrough().resume(), CREATED_AT);
    const write = async (name: string) => {
      const stream = Readable.from([Buffer.alloc(100)], { objectMode: false });
      sink.add(name, stream, { compress: false });
      await once(stream, "close");
      return new WeakRef(stream);
    };
    const written = [await write("first"), await write("second"), await write("third")];
    // The next stream may still hold the last buffer.
    await until("the first two are collected", async () => {
      await collectGarbage();
      return written.slice(0, 2).every((it) => it.deref() === undefined);
    });
    sink.end();
    await sink.done;
  });

  it("writing 1,000 tables keeps nothing of those that are written", async () => {
    const buffersNow = async () => {
      await collectGarbage();
      return process.memoryUsage().arrayBuffers;
    };
    // Encrypted and small enough for the memory pool that small buffers share, which a table's name would keep alive.
    const rows = Buffer.from(`[{"text":"${randomBytes(15_000).toString("base64")}"}\n]\n`);
    const output = new Writable({ write: (_chunk, _encoding, done) => done() });
    const writer = createArchiveWriter({ key: recipientsKey, createdAt: CREATED_AT, output });
    const write = (name: string) => {
      const source = Buffer.allocUnsafeSlow(rows.length);
      source.set(rows);
      return writer.writeTable(
        { schema: "s", name, sizeBytes: rows.length },
        Readable.from([source], { objectMode: false }),
      );
    };
    await write("first");
    const before = await buffersNow();
    for (let i = 0; i < 1000; i++) await write(`t${i}`);
    const kept = (await buffersNow()) - before;
    writer.abort(new Error("end of test"));
    expect(kept).toBeLessThan(1000 * 4000);
  });
});
