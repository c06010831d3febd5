/**
 * A backup by the original with a random bit flipped, or cut off. It stored no digests, so a changed letter cannot be
 * detected. But whatever is read must be rows of JSON, and anything else must give a reason. A zip's own checksum finds
 * what a folder cannot.
 */
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { BackupError } from "../../errors.ts";
import type { Unlock } from "../../shared/api.ts";
import { overwrite, temporaryFolder } from "../../testing/archives.ts";
import { type ForgedEntry, pack } from "../../testing/forge-zip.ts";
import { verifiedTables } from "../../testing/hostile-archives.ts";
import { fixture, folderOf, PASSWORD, tableFile } from "../../testing/original-backups.ts";
import { SCOPE } from "../../testing/scope.ts";
import { openArchive } from "../archive-reader.ts";

const CASES = SCOPE.hostileCases / 10;

const report: string[] = [];
afterAll(() => console.info(report.join("\n")));

type Rows = Record<string, unknown[]>;

/** Returns every table's rows, or the error's code. */
async function read(path: string, unlock: Unlock): Promise<Rows | string> {
  try {
    await using archive = await openArchive(path);
    await archive.unlock(unlock);
    const { manifest } = archive;
    const rows: Rows = {};
    for (const [name, json] of Object.entries(await verifiedTables(archive))) {
      rows[name] = JSON.parse(json);
      expect(rows[name]).toHaveLength(manifest.tables.find((it) => it.name === name)?.rows ?? -1);
    }
    return rows;
  } catch (error) {
    if (error instanceof BackupError) return error.code;
    throw error;
  }
}

const REFUSALS = ["ARCHIVE_INVALID", "ARCHIVE_TRUNCATED"];
const flipped = (content: Buffer, bit: number): Buffer => {
  const changed = Buffer.from(content);
  changed[bit >>> 3] = (changed[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
  return changed;
};

function tally(what: string) {
  const counts: Record<string, number> = {};
  return {
    add(outcome: Rows | string) {
      const name = typeof outcome === "string" ? outcome : "read";
      counts[name] = (counts[name] ?? 0) + 1;
    },
    report: () => report.push(`${what}: ${JSON.stringify(counts)}`),
  };
}

describe.each([
  ["zipped", CASES],
  // Fewer cases, because each derives the key again.
  ["encrypted-zipped", CASES / 5],
] as const)("the zip of %s", (name, cases) => {
  const folder = fixture(name);
  const zip = join(folder, readdirSync(folder).find((it) => it.endsWith(".zip")) ?? "");

  it(`with a bit flipped, ${cases} times, has its rows or is refused`, async () => {
    const whole = readFileSync(zip);
    const before = await read(zip, PASSWORD);
    expect(typeof before).toBe("object");
    const path = join(await temporaryFolder(), "a.zip");
    const count = tally(`${name}, bits`);
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat(whole.length * 8 - 1)), async (bit) => {
        overwrite(path, flipped(whole, bit));
        const outcome = await read(path, PASSWORD);
        count.add(outcome);
        if (typeof outcome === "string") expect(REFUSALS).toContain(outcome);
        else expect(outcome).toEqual(before);
      }),
      { numRuns: cases },
    );
    count.report();
  });

  it(`cut off, ${cases / 2} times, is refused`, async () => {
    const whole = readFileSync(zip);
    const path = join(await temporaryFolder(), "a.zip");
    await fc.assert(
      fc.asyncProperty(fc.noBias(fc.nat(whole.length - 1)), async (length) => {
        overwrite(path, whole.subarray(0, length));
        expect(await read(path, PASSWORD)).toBe(
          length < 4 ? "ARCHIVE_INVALID" : "ARCHIVE_TRUNCATED",
        );
      }),
      { numRuns: cases / 2 },
    );
  });
});

describe.each([
  ["plain", CASES],
  ["0.3.5-plain", CASES],
  ["encrypted", CASES / 10],
] as const)("the folder %s", (name, cases) => {
  async function scene() {
    const folder = join(await temporaryFolder(), "f");
    cpSync(fixture(name), folder, { recursive: true });
    expect(typeof (await read(folder, PASSWORD))).toBe("object");
    return { folder, files: readdirSync(folder).filter((it) => it.endsWith(".json")) };
  }

  async function readChanged(path: string, change: (whole: Buffer) => Buffer, folder: string) {
    const whole = readFileSync(path);
    try {
      overwrite(path, change(whole));
      return await read(folder, PASSWORD);
    } finally {
      overwrite(path, whole);
    }
  }

  it(`with a bit flipped in a file, ${cases} times, has rows of JSON or is refused`, async () => {
    const { folder, files } = await scene();
    const count = tally(`${name}, bits`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.noBias(fc.nat()), async (file, random) => {
        const change = (whole: Buffer) => flipped(whole, random % (whole.length * 8));
        const outcome = await readChanged(join(folder, file), change, folder);
        count.add(outcome);
        if (typeof outcome === "string") expect(REFUSALS).toContain(outcome);
      }),
      { numRuns: cases },
    );
    count.report();
  });

  it(`with a file cut off, ${cases / 2} times, is refused`, async () => {
    const { folder, files } = await scene();
    const count = tally(`${name}, lengths`);
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...files), fc.noBias(fc.nat()), async (file, random) => {
        // A line end after the array is not part of it.
        const change = (whole: Buffer) =>
          whole.subarray(0, random % whole.toString("latin1").trimEnd().length);
        const outcome = await readChanged(join(folder, file), change, folder);
        count.add(outcome);
        expect(REFUSALS).toContain(outcome);
      }),
      { numRuns: cases / 2 },
    );
    count.report();
  });
});

type Attack = [what: string, expected: string, forge: (entries: ForgedEntry[]) => ForgedEntry[]];
const USER = tableFile("User", [{ id: 1, name: "Ada" }]);
const change = (entries: ForgedEntry[], by: Partial<ForgedEntry>) =>
  entries.map((entry) => (entry.name === "User.json" ? { ...entry, ...by } : entry));

const ATTACKS: Attack[] = [
  ["nothing changed", "read", (entries) => entries],
  ["reversed", "read", (entries) => entries.toReversed()],
  ["a file dropped, which nothing counts", "read", (entries) => entries.slice(1)],
  ["a file twice", "ARCHIVE_INVALID", (entries) => [...entries, ...entries.slice(0, 1)]],
  ["a link", "ARCHIVE_INVALID", (entries) => change(entries, { mode: 0o120777 })],
  ["a name outside", "ARCHIVE_INVALID", (entries) => change(entries, { name: "../User.json" })],
  ["an absolute name", "ARCHIVE_INVALID", (entries) => change(entries, { name: "/User.json" })],
  ["a drive's name", "ARCHIVE_INVALID", (entries) => change(entries, { name: "C:\\User.json" })],
  [
    "another size in the directory",
    "ARCHIVE_INVALID",
    (entries) => change(entries, { central: { sizeBytes: 1 } }),
  ],
  [
    "a checksum that is wrong on both sides",
    "ARCHIVE_INVALID",
    (entries) => change(entries, { central: { crc32: 1 }, local: { crc32: 1 } }),
  ],
  [
    "deflated bytes that are none",
    "ARCHIVE_INVALID",
    (entries) => change(entries, { central: { method: 8 }, local: { method: 8 } }),
  ],
  [
    "two files of one table",
    "ARCHIVE_INVALID",
    (entries) => [...entries, { name: "Other.json", content: Buffer.from(USER) }],
  ],
  [
    "rows of two tables",
    "ARCHIVE_INVALID",
    (entries) =>
      change(entries, {
        content: Buffer.from(
          USER.replace("]", `,${tableFile("Admin", [{ id: 2, name: "x" }]).slice(1)}`),
        ),
      }),
  ],
  [
    "rows that are none",
    "ARCHIVE_INVALID",
    (entries) => change(entries, { content: Buffer.from("[1,2]") }),
  ],
  [
    "a row in a row",
    "read",
    (entries) => change(entries, { content: Buffer.from(tableFile("User", [{ id: { id: 1 } }])) }),
  ],
  [
    "__proto__ for a column",
    "read",
    (entries) => change(entries, { content: Buffer.from(USER.replace('"id"', '"__proto__"')) }),
  ],
  [
    "not UTF-8",
    "ARCHIVE_INVALID",
    (entries) =>
      change(entries, { content: Buffer.from(USER.replace("Ada", "\xff\xfe"), "latin1") }),
  ],
  [
    "nothing in it",
    "ARCHIVE_TRUNCATED",
    (entries) => change(entries, { content: Buffer.alloc(0) }),
  ],
];

it.each(ATTACKS)("a zip with %s: %s", async (_, expected, forge) => {
  const folder = await folderOf({});
  const entries: ForgedEntry[] = [
    { name: "User.json", content: Buffer.from(USER) },
    { name: "Post.json", content: Buffer.from(tableFile("Post", [{ id: 1 }])) },
  ];
  const path = join(folder, "a.zip");
  overwrite(path, pack(forge(entries)));
  const outcome = await read(path, {});
  expect(typeof outcome === "string" ? outcome : "read").toBe(expected);
});

it("a manifest that cannot be inflated, without tables beside it, is refused for what it is", async () => {
  const path = join(await temporaryFolder(), "a.zip");
  const claim = { method: 8, sizeBytes: 100 };
  const content = Buffer.from("this is not deflated");
  overwrite(path, pack([{ name: "manifest.json", content, central: claim, local: claim }]));
  expect(await read(path, {})).toBe("ARCHIVE_INVALID");
});
