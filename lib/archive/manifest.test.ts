import { describe, expect, it } from "vitest";
import { BackupError } from "../errors.ts";
import type { Warning } from "../shared/api.ts";
import {
  MAX_COLUMNS,
  MAX_EDGES,
  MAX_ENUM_LABELS,
  MAX_MANIFEST_BYTES,
  MAX_MESSAGE_LENGTH,
  MAX_MIGRATION_NAME_LENGTH,
  MAX_MIGRATIONS,
  MAX_NAME_LENGTH,
  MAX_SEQUENCES,
  MAX_TABLES,
  MAX_TYPE_LENGTH,
  MAX_WARNINGS,
  MAX_WORDS_LENGTH,
} from "../shared/archive-format.ts";
import { manifestFor, sha256 } from "../testing/archives.ts";
import {
  type Manifest,
  type ManifestTable,
  parseManifest,
  serialiseManifest,
  summariseManifest,
} from "./manifest.ts";

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
  expect(error.message).toContain("Nothing was changed");
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
    ["a longer name than any", { tables: [tableOf({ name: "n".repeat(MAX_NAME_LENGTH + 1) })] }],
    ["a longer model's name", { tables: [tableOf({ model: "m".repeat(MAX_NAME_LENGTH + 1) })] }],
    [
      "more columns than PostgreSQL allows",
      { tables: [tableOf({ columns: Array(MAX_COLUMNS + 1).fill(table.columns[0]) })] },
    ],
    [
      "a longer type than any",
      {
        tables: [
          tableOf({
            columns: [{ name: "c", type: "t".repeat(MAX_TYPE_LENGTH + 1), encoding: "text" }],
          }),
        ],
      },
    ],
    ["more sequences than any backup", { sequences: Array(MAX_SEQUENCES + 1).fill(sequence("1")) }],
    [
      "a longer column that owns a sequence",
      { sequences: [{ ...sequence("1"), ownerColumn: "c".repeat(MAX_NAME_LENGTH + 1) }] },
    ],
    [
      "a longer constraint",
      { insertionOrder: { components: [], edges: [edge({ constraint: "c".repeat(2000) })] } },
    ],
    [
      "a longer column of a key",
      { insertionOrder: { components: [], edges: [edge({ columns: ["c".repeat(2000)] })] } },
    ],
    [
      "more columns of a key",
      { insertionOrder: { components: [], edges: [edge({ columns: Array(2000).fill("c") })] } },
    ],
    [
      "a longer relation",
      { insertionOrder: { components: [], edges: [edge({ relation: "r".repeat(3000) })] } },
    ],
    [
      "a longer action",
      { insertionOrder: { components: [], edges: [edge({ onDelete: "d".repeat(3000) })] } },
    ],
    [
      "more foreign keys than any backup",
      { insertionOrder: { components: [], edges: Array(MAX_EDGES + 1).fill(edge({})) } },
    ],
    [
      "more tables in its order than any backup has",
      {
        insertionOrder: {
          components: [{ tables: Array(MAX_TABLES + 1).fill(USER), cyclic: true, level: 0 }],
          edges: [],
        },
      },
    ],
    ["a longer code of a warning", { warnings: [{ code: "C".repeat(200), message: "" }] }],
    [
      "a longer table of a warning",
      { warnings: [{ code: "C", message: "", table: { schema: "s".repeat(2000), name: "" } }] },
    ],
    [
      "names that are longer together than any backup's",
      {
        tables: Array.from({ length: 10_000 }, (_, at) => {
          const name = String(at).padEnd(MAX_NAME_LENGTH, "n");
          return { ...table, name, entry: `tables/public.${name}.json.zst.age` };
        }),
      },
    ],
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

describe("what is only told", () => {
  const tall = "x".repeat(20_000);

  it("is cut to what a person reads, whoever wrote it", () => {
    const { migrations, database, warnings } = parse({
      database: { ...manifest.database, serverVersion: tall, encoding: tall },
      migrations: Array.from({ length: MAX_MIGRATIONS + 5 }, (_, at) => ({
        name: `${at} ${tall.slice(0, 1000)}`,
        checksum: tall.slice(0, 1000),
        finishedAt: null,
        rolledBackAt: null,
      })),
      warnings: [{ code: "A", message: tall }],
    });
    expect(database?.serverVersion).toHaveLength(MAX_WORDS_LENGTH);
    expect(database?.encoding).toHaveLength(MAX_WORDS_LENGTH);
    expect(migrations).toHaveLength(MAX_MIGRATIONS);
    expect(migrations[0]?.name).toMatch(/^5 x+…$/);
    expect(migrations[0]?.name).toHaveLength(MAX_MIGRATION_NAME_LENGTH);
    expect(migrations[0]?.checksum).toHaveLength(MAX_WORDS_LENGTH);
    expect(warnings[0]?.message).toHaveLength(MAX_MESSAGE_LENGTH);
  });

  it("never makes a backup fail, and is the same when it is read", () => {
    const warnings: Warning[] = [
      ...Array.from({ length: 30_000 }, (_, at) => ({
        code: "UNLOGGED_TABLE" as const,
        message: `The table public.t${at} is unlogged.`,
        table: { schema: "public", name: `t${at}` },
      })),
      { code: "LARGE_OBJECTS" as const, message: "Large objects are not in the backup." },
    ];
    const edges = Array.from({ length: 3 }, () => edge({}));
    const large = { ...manifest, warnings, insertionOrder: { components: [], edges } };
    const bytes = serialiseManifest(large);
    const read = parseManifest(bytes);
    expect(read.warnings).toHaveLength(MAX_WARNINGS);
    expect(read.warnings[0]).toEqual(warnings[0]);
    expect(read.warnings.slice(-2)).toEqual([
      warnings.at(-1),
      { code: "MORE_WARNINGS", message: "There are 29,002 more warnings, which are not listed." },
    ]);
    expect(JSON.parse(bytes.toString())).toEqual(read);
    expect(serialiseManifest(read)).toEqual(bytes);
  });

  it("is short as a whole, also where there are few long ones", () => {
    const warnings = Array.from({ length: 900 }, (_, at) => ({
      code: "A",
      message: `${at}${tall}`,
    }));
    const read = parse({ warnings }).warnings;
    expect(read.length).toBeLessThan(120);
    expect(read.at(-1)?.code).toBe("MORE_WARNINGS");
    expect(parse({ warnings: read }).warnings).toEqual(read);
  });
});

it("takes what a very large database has", () => {
  const columns = Array.from({ length: MAX_COLUMNS }, (_, at) => ({
    name: `column_${at}`.padEnd(63, "_"),
    type: "timestamp(6) with time zone",
    encoding: "text" as const,
  }));
  const tables = Array.from({ length: 20_000 }, (_, at) => {
    const name = `table_${at}`.padEnd(63, "_");
    const entry = `tables/public.${name}.json.zst.age`;
    return { ...table, name, entry, columns: at < 100 ? columns : table.columns };
  });
  expect(parse({ tables }).tables).toHaveLength(20_000);
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

const USER = { schema: "public", name: "User" };

function tableOf(change: Partial<ManifestTable>): ManifestTable {
  const changed = { ...table, ...change };
  return { ...changed, entry: `tables/public.${changed.name}.json.zst.age` };
}

function edge(change: object) {
  const columns = ["a"];
  return {
    constraint: "c",
    from: USER,
    to: USER,
    columns,
    referencedColumns: columns,
    onDelete: "NO ACTION",
    relation: null,
    role: "self" as const,
    ...change,
  };
}

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
