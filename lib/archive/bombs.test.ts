/**
 * Files that are small on disk and huge when unpacked. Another process reads them, so that its time and memory can be
 * measured.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, writeFileSync } from "node:fs";
import { mkdir, mkdtemp, open, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, deflateRawSync } from "node:zlib";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { afterAll, expect, it } from "vitest";
import { manifestEntryName, tableEntryName } from "../shared/archive-format.ts";
import { manifestFor, sha256, temporaryFolder, writeArchive } from "../testing/archives.ts";
import { type ForgedEntry, pack, zip64Extra } from "../testing/forge-zip.ts";
import { PATIENCE_MS } from "../testing/patience.ts";
import { sample } from "../testing/scope.ts";
import { type ArchiveKey, createArchiveKey, encryptBytes } from "./encryption.ts";

const HUGE_BYTES = 10 * 2 ** 30;
const CHILD = new URL("../testing/reader-child.ts", import.meta.url).pathname;
/** An idle process of this kind uses about 100 MB. */
const MAX_PEAK_MB = 256;
/** CPU time of the process, so that other load does not count. */
const MAX_CPU_MS = 60_000;

const report: string[] = [];
afterAll(() => console.info(report.join("\n")));

/** One process for all bombs that must not exceed `MAX_PEAK_MB`, one after the other. */
let common: ChildProcess | undefined;
afterAll(() => common?.kill());

/**
 * The peak of the common process includes the bombs before. It is never lower than a bomb's own peak, so the limit
 * still holds.
 */
async function readInChild(path: string, unlock = {}, maxPeakMb = MAX_PEAK_MB) {
  const isAlone = maxPeakMb !== MAX_PEAK_MB;
  const child = (isAlone ? null : common) ?? fork(CHILD, { execArgv: [] });
  common = isAlone ? common : child;
  const read = new AbortController();
  const signal = AbortSignal.any([read.signal, AbortSignal.timeout(PATIENCE_MS)]);
  const died = once(child, "exit", { signal }).then(([code, by]) => {
    throw new Error(`the process that reads ended: ${code ?? by}`);
  });
  let isWell = false;
  try {
    child.send({ path, unlock });
    const [result] = await Promise.race([once(child, "message", { signal }), died]);
    isWell = true;
    return result as { outcome: string; cpuMs: number; peakMb: number };
  } finally {
    read.abort();
    died.catch(() => {});
    if (isAlone || !isWell) child.kill("SIGKILL");
    if (!isWell && child === common) common = undefined;
  }
}

interface Bomb {
  path: string;
  unlock?: object;
}

const BLOCK_BYTES = 64 * 2 ** 20;

const FLUSH = { finishFlush: constants.Z_SYNC_FLUSH };
const deflatedBlocks = new Map<string, Buffer>();

function deflatedBlock(byte: string): Buffer {
  const block = deflatedBlocks.get(byte) ?? deflateRawSync(Buffer.alloc(BLOCK_BYTES, byte), FLUSH);
  deflatedBlocks.set(byte, block);
  return block;
}

/** A head and 10 GB, deflated to 10 MB. */
function deflateBomb(head: string, byte: string): Buffer {
  const block = deflatedBlock(byte);
  const blocks = Array.from({ length: HUGE_BYTES / BLOCK_BYTES }, () => block);
  return Buffer.concat([deflateRawSync(Buffer.from(head), FLUSH), ...blocks, Buffer.from([3, 0])]);
}

/** A head and 10 GB as one zstd frame of 320 KB: blocks of one repeated byte. */
function zstdBomb(head: string, byte: string): Buffer {
  const RAW = 0;
  const REPEATED = 1;
  const block = (type: number, size: number, isLast: boolean) => {
    const header = Buffer.alloc(3);
    header.writeUIntLE((size << 3) | (type << 1) | Number(isLast), 0, 3);
    return header;
  };
  const full = 128 * 1024;
  const filler = Buffer.concat([block(REPEATED, full, false), Buffer.from(byte)]);
  return Buffer.concat([
    // Magic number, a window of 1 MB, neither size nor checksum.
    Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 10 << 3]),
    block(RAW, head.length, false),
    Buffer.from(head),
    ...Array.from({ length: HUGE_BYTES / full }, () => filler),
    block(RAW, 0, true),
  ]);
}

/** An entry that is already deflated. Both headers claim this size. */
function deflated(name: string, content: Buffer, sizeBytes: number): ForgedEntry {
  if (sizeBytes < 0xffffffff) {
    const claim = { method: 8, sizeBytes };
    return { name, content, central: claim, local: claim };
  }
  const claim = { method: 8, sizeBytes: 0xffffffff };
  return {
    name,
    content,
    central: claim,
    local: { ...claim, compressedBytes: 0xffffffff },
    centralExtra: zip64Extra(BigInt(sizeBytes)),
    localExtra: zip64Extra(BigInt(sizeBytes), BigInt(content.length)),
  };
}

async function zipOf(entries: ForgedEntry[]): Promise<string> {
  const path = join(await temporaryFolder(), "a.zip");
  writeFileSync(path, pack(entries));
  return path;
}

async function recipient(): Promise<{ key: ArchiveKey; unlock: object }> {
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  return { key: await createArchiveKey({ mode: "recipients", recipients }), unlock: { identity } };
}

/**
 * An archive of one table. The manifest agrees with it except for the digest, because nothing reads the table to its
 * end.
 */
async function tableBomb(mode: "none" | "recipients", claimedBytes: number): Promise<Bomb> {
  const { key, unlock } =
    mode === "none" ? { key: { mode } as const, unlock: {} } : await recipient();
  const stored =
    mode === "none" ? deflateBomb("[", " ") : await encryptBytes(key, zstdBomb("[", " "));
  const entry = tableEntryName({ schema: "public", name: "t" }, mode);
  const digest = sha256(mode === "none" ? "" : stored);
  const manifest = manifestFor(mode, [
    {
      schema: "public",
      name: "t",
      model: null,
      kind: "table",
      columns: [],
      rows: 1,
      entry,
      jsonBytes: claimedBytes,
      jsonSha256: sha256(""),
      storedBytes: mode === "none" ? claimedBytes : stored.length,
      storedSha256: digest,
    },
  ]);
  const path = await zipOf([
    mode === "none" ? deflated(entry, stored, claimedBytes) : { name: entry, content: stored },
    {
      name: manifestEntryName(mode),
      content: await encryptBytes(key, Buffer.from(JSON.stringify(manifest))),
    },
  ]);
  return { path, unlock };
}

async function manifestBomb(name: string, claimedBytes: number): Promise<Bomb> {
  const table = { name: "tables/public.t.json", content: Buffer.from("[\n]\n") };
  const bomb = deflated(name, deflateBomb('{"formatVersion":1,"x":"', " "), claimedBytes);
  const entries = name === "manifest.json" ? [bomb, table] : [bomb];
  return { path: await zipOf(entries), unlock: { identity: await generateX25519Identity() } };
}

async function keyBomb(claimedBytes: number): Promise<Bomb> {
  const key = deflated("key.age", deflateBomb("age-encryption.org/v1\n", "x"), claimedBytes);
  const manifest = { name: "manifest.json.age", content: Buffer.from("x") };
  return { path: await zipOf([key, manifest]), unlock: { passphrase: "any" } };
}

async function manifestOf(json: string): Promise<Bomb> {
  return {
    path: await zipOf([{ name: "manifest.json", content: Buffer.from(json), deflate: true }]),
  };
}

const manifestWith = (lists: object): Promise<Bomb> =>
  manifestOf(JSON.stringify({ ...manifestFor("none", []), ...lists }));

const home = await mkdtemp(join(tmpdir(), "bombs-test-"));
afterAll(() => rm(home, { recursive: true }));
let million: Promise<string> | undefined;

/** A file with a million real entries. The end record tells their number, or a false one. */
async function millionEntries(claimed: number): Promise<Bomb> {
  million ??= writeMillionEntries(join(home, "million.zip"));
  const path = await million;
  const file = await open(path, "r+");
  const { size } = await file.stat();
  const counts = Buffer.alloc(4);
  counts.writeUInt16LE(claimed, 0);
  counts.writeUInt16LE(claimed, 2);
  await file.write(counts, 0, counts.length, size - 14);
  await file.close();
  return { path };
}

async function writeMillionEntries(path: string): Promise<string> {
  const count = 1_000_000;
  const nameOf = (index: number) => `tables/public.t${String(index).padStart(7, "0")}.json`;
  const one = pack([{ name: nameOf(0), content: Buffer.alloc(0) }]);
  const local = one.subarray(0, one.readUInt32LE(one.length - 6));
  const central = one.subarray(local.length, -22);
  const end = Buffer.from(one.subarray(-22));
  end.writeUInt32LE(central.length * count, 12);
  end.writeUInt32LE(local.length * count, 16);
  function* parts() {
    for (const [template, nameAt] of [
      [local, 30],
      [central, 46],
    ] as const) {
      for (let start = 0; start < count; start += 10_000) {
        const part = Buffer.concat(Array.from({ length: 10_000 }, () => template));
        for (let index = 0; index < 10_000; index++) {
          const at = index * template.length;
          part.write(nameOf(start + index), at + nameAt);
          if (template === central) part.writeUInt32LE(local.length * (start + index), at + 42);
        }
        yield part;
      }
    }
    yield end;
  }
  await pipeline(Readable.from(parts()), createWriteStream(path));
  return path;
}

/** As many entries as allowed, which all use the same bytes of the file. */
async function overlapping(): Promise<Bomb> {
  const content = deflateRawSync(Buffer.alloc(2 ** 24));
  const claim = { method: 8, sizeBytes: 2 ** 24 };
  const entries = Array.from({ length: 40_000 }, (_, index) => ({
    name: `tables/public.t${index}.json`,
    content: index === 0 ? content : Buffer.alloc(0),
    central: { ...claim, compressedBytes: content.length },
    local: claim,
    offset: 0,
  }));
  return { path: await zipOf(entries) };
}

async function originalFile(head: string, byte: string, claimedBytes: number): Promise<Bomb> {
  return { path: await zipOf([deflated("User.json", deflateBomb(head, byte), claimedBytes)]) };
}

async function originalFolder(json: string): Promise<Bomb> {
  const path = join(await temporaryFolder(), "original");
  await mkdir(path);
  writeFileSync(join(path, "User.json"), json);
  return { path };
}

const INVALID = "ARCHIVE_INVALID";
const MISMATCH = "DIGEST_MISMATCH";
const TRUTH = HUGE_BYTES + 1;
const LIE = 100;

const BOMBS: Array<[what: string, outcome: string, make: () => Promise<Bomb>, maxPeakMb?: number]> =
  [
    ["a table of 10 GB, deflated, said to be 100 bytes", MISMATCH, () => tableBomb("none", LIE)],
    ["a table of 10 GB, deflated, one row of 10 GB", INVALID, () => tableBomb("none", TRUTH)],
    [
      "a table of 10 GB, zstd in age, said to be 100 bytes",
      MISMATCH,
      () => tableBomb("recipients", LIE),
    ],
    [
      "a table of 10 GB, zstd in age, one row of 10 GB",
      INVALID,
      () => tableBomb("recipients", TRUTH),
    ],
    [
      "a manifest of 10 GB, said to be 100 bytes",
      INVALID,
      () => manifestBomb("manifest.json", LIE),
    ],
    ["a key of 10 GB, said to be 100 bytes", INVALID, () => keyBomb(LIE)],
    ["a key of 10 GB", INVALID, () => keyBomb(TRUTH)],
    ["a manifest of 10 GB", INVALID, () => manifestBomb("manifest.json", TRUTH)],
    [
      "an encrypted manifest of 10 GB, said to be 100 bytes",
      INVALID,
      () => manifestBomb("manifest.json.age", LIE),
    ],
    ["an encrypted manifest of 10 GB", INVALID, () => manifestBomb("manifest.json.age", TRUTH)],
    [
      "an encrypted manifest said to be 64 MB, one line of header",
      INVALID,
      () => manifestBomb("manifest.json.age", 64 * 2 ** 20),
      400,
    ],
    [
      "a manifest of 31 million levels",
      INVALID,
      () => manifestOf(`{"formatVersion":1,"x":${"[".repeat(31e6)}${"]".repeat(31e6)}}`),
      400,
    ],
    [
      "a manifest of 20 million objects",
      INVALID,
      () => manifestOf(`{"formatVersion":1,"x":[${"{},".repeat(2e7)}0]}`),
      400,
    ],
    [
      "a manifest of as many objects as are allowed",
      INVALID,
      () => manifestOf(`{"formatVersion":1,"x":[${"{},".repeat(1.2e6)}0]}`),
      600,
    ],
    [
      "a manifest of as many names as are allowed",
      INVALID,
      () =>
        manifestOf(
          `{"formatVersion":1,"x":{${Array.from({ length: 2.4e6 }, (_, index) => `"k${index}":0`).join(",")}}}`,
        ),
      800,
    ],
    [
      "a manifest of as many faults as are allowed",
      INVALID,
      () => manifestWith({ warnings: Array.from({ length: 1.2e6 }, () => ({})) }),
      600,
    ],
    [
      "a manifest of fewer, each of which is six faults",
      INVALID,
      () => manifestWith({ sequences: Array.from({ length: 200_000 }, () => ({})) }),
    ],
    ["a million entries", INVALID, () => millionEntries(0xffff)],
    ["a million entries, said to be ten", INVALID, () => millionEntries(10)],
    ["a million entries, said to be 50,000", INVALID, () => millionEntries(50_000)],
    ["40,000 entries that share one content", INVALID, overlapping],
    [
      "the original's file of 10 GB, said to be 100 bytes",
      INVALID,
      () => originalFile("[", " ", LIE),
    ],
    ["the original's file of 10 GB of nothing", INVALID, () => originalFile("[", " ", TRUTH)],
    [
      "the original's file of 10 GB, one string",
      INVALID,
      () => originalFile('[{"a":"', "x", TRUTH),
    ],
    [
      "the original's file of 1 GB, one string",
      INVALID,
      () => originalFile('[{"a":"', "x", 2 ** 30),
      800,
    ],
    [
      "the original's file of 10 GB of blanks",
      "ARCHIVE_TRUNCATED",
      () => originalFile(" ", " ", TRUTH),
    ],
    [
      "the original's row of a million levels",
      INVALID,
      () => originalFolder(`[{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}]`),
    ],
    [
      "the original's row of 50 million objects",
      INVALID,
      () => originalFolder(`[{"a":[${"{},".repeat(5e7)}0]}]`),
      400,
    ],
    [
      "somebody's JSON of 20 million objects beside the original's",
      INVALID,
      () => originalFolder(`{"a":[${"{},".repeat(2e7)}0]}`),
      400,
    ],
  ];

it("an archive that is none is read, to compare with", async () => {
  const path = join(await temporaryFolder(), "a.zip");
  await writeArchive(path, { mode: "none" });
  const { outcome, cpuMs, peakMb } = await readInChild(path);
  report.push(`no bomb: ${cpuMs} ms, ${peakMb} MB`);
  expect(outcome).toBe("accepted");
});

it.each(sample(BOMBS))("%s: %s", async (what, expected, make, maxPeakMb = MAX_PEAK_MB) => {
  const { path, unlock } = await make();
  const { outcome, cpuMs, peakMb } = await readInChild(path, unlock, maxPeakMb);
  report.push(`${what}: ${outcome}, ${cpuMs} ms, ${peakMb} MB`);
  expect(outcome).toBe(expected);
  expect(peakMb).toBeLessThan(maxPeakMb);
  expect(cpuMs).toBeLessThan(MAX_CPU_MS);
});
