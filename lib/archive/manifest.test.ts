import { describe, expect, it } from "vitest";
import { BackupError } from "../errors.ts";
import { MAX_ENUM_LABELS, MAX_MANIFEST_BYTES } from "../shared/archive-format.ts";
import {
  type Manifest,
  type ManifestTable,
  parseManifest,
  serialiseManifest,
  summariseManifest,
} from "./manifest.ts";
import { manifestFor, sha256 } from "./testing.ts";

const table: ManifestTable = {
  schema: "public",
  name: "User",
  model: "User",
  kind: "table",
  columns: [{ name: "id", type: "bigint", encoding: "text" }],
  rows: 2,
  jsonBytes: 10,
  jsonSha256: sha256("json"),
  entry: "tables/public.User.json.zst.age",
  storedBytes: 200,
  storedSha256: sha256("stored"),
};
const manifest = manifestFor("passphrase", [table]);

function parse(change: object): Manifest {
  return parseManifest(Buffer.from(JSON.stringify({ ...manifest, ...change })));
}

function errorOf(action: () => unknown): BackupError {
  try {
    action();
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

it("reads what it wrote, exactly", () => {
  expect(parseManifest(serialiseManifest(manifest))).toEqual(manifest);
});

it("ignores what a later tool may add within the same version", () => {
  expect(parse({ comment: "hello" })).toEqual(manifest);
});

it("says that a newer format needs an update", () => {
  const error = errorOf(() => parse({ formatVersion: 2, tables: "something new" }));
  expect(error.code).toBe("FORMAT_UNSUPPORTED");
  expect(error.message).toContain("newer version");
  expect(error.message).toContain("Nothing has been changed");
});

describe("refuses as ARCHIVE_INVALID", () => {
  it.each<[string, object]>([
    ["no version", { formatVersion: undefined }],
    ["version 0", { formatVersion: 0 }],
    ["an unknown mode", { encryption: "rot13" }],
    ["a date that is none", { createdAt: "yesterday" }],
    ["a table twice", { tables: [table, table] }],
    ["a wrong entry name", { tables: [{ ...table, entry: "tables/public.Post.json.zst.age" }] }],
    ["an entry of another mode", { tables: [{ ...table, entry: "tables/public.User.json" }] }],
    ["negative sizes", { tables: [{ ...table, jsonBytes: -1 }] }],
    ["broken counts", { tables: [{ ...table, rows: 1.5 }] }],
    ["a digest too short", { tables: [{ ...table, jsonSha256: "abc" }] }],
    ["an int8 out of range", { sequences: [sequence("9223372036854775808")] }],
    ["an enum without labels", { enums: [{ type: "public.mood" }] }],
    [
      "more labels than any backup lists",
      {
        enums: ["a", "b"].map((type) => ({
          type,
          labels: Array(MAX_ENUM_LABELS / 2 + 1).fill(""),
        })),
      },
    ],
    ["a sequence value that is no number", { sequences: [sequence("1; DROP")] }],
    [
      "sums beyond what can be counted",
      {
        tables: ["a", "b"].map((name) => ({
          ...table,
          name,
          entry: `tables/public.${name}.json.zst.age`,
          jsonBytes: Number.MAX_SAFE_INTEGER,
        })),
      },
    ],
    [
      "JSON and stored digests that contradict each other where both are the same bytes",
      { encryption: "none", tables: [{ ...table, entry: "tables/public.User.json" }] },
    ],
  ])("%s", (_what, change) => {
    expect(errorOf(() => parse(change)).code).toBe("ARCHIVE_INVALID");
  });

  it("what is not JSON, not UTF-8, or too large", () => {
    for (const bytes of [
      Buffer.from("{"),
      Buffer.from([0xff]),
      Buffer.from("[]"),
      Buffer.alloc(0),
      Buffer.alloc(MAX_MANIFEST_BYTES + 1, " "),
    ]) {
      expect(errorOf(() => parseManifest(bytes)).code).toBe("ARCHIVE_INVALID");
    }
  });
});

it("never repeats the manifest's values in a message", () => {
  const error = errorOf(() => parse({ encryption: "<b>secret</b>" }));
  expect(error.message).not.toContain("secret");
  expect(error.message).toContain("encryption");
});

it("keeps the largest and smallest int8 exact", () => {
  const sequences = [sequence("9223372036854775807"), sequence("-9223372036854775808")];
  expect(parse({ sequences }).sequences).toEqual(sequences);
});

it("takes enums, and a manifest without them, as older versions wrote it", () => {
  const enums = [{ type: 'public."My Mood"', labels: ["b", "a", ""] }];
  expect(parse({ enums }).enums).toEqual(enums);
  expect(parse({}).enums).toBeUndefined();
});

it("summarises for the panel", () => {
  expect(summariseManifest(manifest)).toEqual({
    formatVersion: 1,
    createdAt: "2026-01-02T03:04:05.678Z",
    tool: "prisma-backup-admin/0.0.0-test",
    database: { name: "shop", serverVersion: "15.4" },
    encryption: "passphrase",
    tables: [{ schema: "public", name: "User", model: "User", rows: 2, jsonBytes: 10 }],
    sequences: 1,
    migrations: [{ name: "0_init", finished: false }],
    warnings: [],
  });
});

function sequence(lastValue: string) {
  return {
    schema: "public",
    name: "s",
    ownerTable: null,
    ownerColumn: null,
    lastValue,
    isCalled: true,
  };
}
