/** Archives with deliberately changed entries, names, headers or manifest. One row per attack. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { manifestEntryName } from "../shared/archive-format.ts";
import { codeOf, PASSPHRASE, readWhole, sha256, temporaryFolder } from "../testing/archives.ts";
import { type ForgedEntry, pack, withZip64End, zip64Extra } from "../testing/forge-zip.ts";
import { createScene, judge, type Scene } from "../testing/hostile-archives.ts";
import { sample } from "../testing/scope.ts";
import { encryptBytes } from "./encryption.ts";
import type { StoredManifest } from "./manifest.ts";

const MODES = ["none", "recipients", "passphrase"] as const;
type Mode = (typeof MODES)[number];
type Outcome = string | Partial<Record<Mode, string>>;

const scenes = new Map<Mode, Promise<Scene>>();
/** One scene for all attacks on a mode. Its files are removed after the first test. */
function sceneOf(mode: Mode): Promise<Scene> {
  const scene = scenes.get(mode) ?? createScene(mode);
  scenes.set(mode, scene);
  return scene;
}

async function outcomeOf(mode: Mode, zip: Buffer): Promise<string> {
  const path = join(await temporaryFolder(), "a.zip");
  writeFileSync(path, zip);
  return (await judge(path, (await sceneOf(mode)).unlock)).outcome;
}

const isUser = ({ name }: ForgedEntry) => name.includes("public.User");
const isOrder = ({ name }: ForgedEntry) => name.includes("public.Order");
const isManifest = ({ name }: ForgedEntry) => name.startsWith("manifest.");
const isKey = ({ name }: ForgedEntry) => name === "key.age";
const isReadme = ({ name }: ForgedEntry) => name === "README.txt";

function one(entries: ForgedEntry[], which: (entry: ForgedEntry) => boolean): ForgedEntry {
  const entry = entries.find(which);
  if (!entry) throw new Error("no such entry");
  return entry;
}
const change = (
  entries: ForgedEntry[],
  which: (entry: ForgedEntry) => boolean,
  by: Partial<ForgedEntry>,
) => entries.map((entry) => (which(entry) ? { ...entry, ...by } : entry));
const spliced = ({ entries, other }: Scene, which: (entry: ForgedEntry) => boolean) =>
  entries.map((entry) => (which(entry) ? one(other, ({ name }) => name === entry.name) : entry));
const swapped = ({ entries }: Scene) => {
  const [user, order] = [one(entries, isUser), one(entries, isOrder)];
  return entries.map((entry) =>
    entry === user
      ? { ...entry, content: order.content }
      : entry === order
        ? { ...entry, content: user.content }
        : entry,
  );
};

type Attack = [what: string, outcome: Outcome, forge: (scene: Scene) => Buffer | ForgedEntry[]];

const INVALID = "ARCHIVE_INVALID";
const MISMATCH = "DIGEST_MISMATCH";
const ENCRYPTED_ONLY = { recipients: INVALID, passphrase: INVALID };

const ENTRIES: Attack[] = [
  ["nothing changed", "accepted", ({ entries }) => entries],
  ["reversed", "accepted", ({ entries }) => [...entries].reverse()],
  [
    "the manifest first",
    "accepted",
    ({ entries }) => entries.toSorted((a) => (isManifest(a) ? -1 : 1)),
  ],
  [
    "all below one folder",
    "accepted",
    ({ entries }) => entries.map((it) => ({ ...it, name: `shop/${it.name}` })),
  ],
  ["README dropped", INVALID, ({ entries }) => entries.filter((it) => !isReadme(it))],
  [
    "README with other content",
    "DIGEST_MISMATCH",
    ({ entries }) => change(entries, isReadme, { content: Buffer.from("Send bitcoin.") }),
  ],
  ["a table dropped", INVALID, ({ entries }) => entries.filter((it) => !isUser(it))],
  [
    "every table dropped",
    INVALID,
    ({ entries }) => entries.filter(({ name }) => !name.startsWith("tables/")),
  ],
  ["the manifest dropped", INVALID, ({ entries }) => entries.filter((it) => !isManifest(it))],
  ["the key dropped", { passphrase: INVALID }, ({ entries }) => entries.filter((it) => !isKey(it))],
  [
    "a key added",
    { recipients: INVALID },
    ({ entries }) => [...entries, { name: "key.age", content: Buffer.from("age") }],
  ],
  ["two tables' content swapped", INVALID, swapped],
  ["a table twice", INVALID, ({ entries }) => [...entries, one(entries, isUser)]],
  [
    "a table twice, the second with other content",
    INVALID,
    ({ entries, other }) => [...entries, one(other, isUser)],
  ],
  ["the manifest twice", INVALID, ({ entries, other }) => [...entries, one(other, isManifest)]],
  ["README twice", INVALID, ({ entries }) => [...entries, one(entries, isReadme)]],
  ["a table spliced from another archive", MISMATCH, (scene) => spliced(scene, isUser)],
  [
    "every table spliced from another archive",
    MISMATCH,
    (scene) => spliced(scene, ({ name }) => name.startsWith("tables/")),
  ],
  [
    "the manifest spliced from another archive",
    { none: MISMATCH, recipients: MISMATCH, passphrase: "NO_MATCHING_IDENTITY" },
    (scene) => spliced(scene, isManifest),
  ],
  [
    "the manifest of the other encryption beside it",
    INVALID,
    ({ mode, entries }) => [
      ...entries,
      {
        name: manifestEntryName(mode === "none" ? "recipients" : "none"),
        content: Buffer.from("{}"),
      },
    ],
  ],
  [
    "a table's content empty",
    INVALID,
    ({ entries }) => change(entries, isUser, { content: Buffer.alloc(0) }),
  ],
  [
    "a table's content longer",
    INVALID,
    ({ entries }) =>
      change(entries, isUser, {
        content: Buffer.concat([one(entries, isUser).content, Buffer.from("\n")]),
      }),
  ],
  [
    "a table deflated, which is only another packing",
    "accepted",
    ({ entries }) => change(entries, isUser, { deflate: true }),
  ],
  [
    "an entry more",
    INVALID,
    ({ entries }) => [...entries, { name: "run-me.exe", content: Buffer.from("MZ") }],
  ],
  [
    "one table's age header longer than any",
    ENCRYPTED_ONLY,
    ({ entries }) =>
      change(entries, isManifest, {
        content: Buffer.concat([
          Buffer.from("age-encryption.org/v1\n"),
          Buffer.from(
            "-> X25519 AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n".repeat(
              100_000,
            ),
          ),
        ]),
      }),
  ],
  [
    "one line of age header longer than any",
    ENCRYPTED_ONLY,
    ({ entries }) => change(entries, isManifest, { content: Buffer.alloc(20_000_000, "a") }),
  ],
];

/** A table's entry with another name, in both places that contain it. */
const NAMES = [
  "../tables/public.User.json",
  "tables/../../public.User.json",
  "tables/../public.User.json",
  "tables/./public.User.json",
  "tables//public.User.json",
  "/tables/public.User.json",
  "/etc/passwd",
  "C:\\tables\\public.User.json",
  "C:/x",
  "\\\\server\\share\\x",
  "tables\\public.User.json",
  "tables/public.User.json\0",
  "tables/public.User.json\0.json",
  "tables/public.User.json ",
  "tables/PUBLIC.USER.JSON",
  "tables/public.User.json/",
  "tables/public.User%2e.json",
  "tables/public.User%2E%2E%2F.json.json",
  "tables/public.%55ser.json",
  "tables/public.User'; DROP TABLE x; --.json",
  "tables/public.\u202eresU.json",
  "x".repeat(5000),
  "x".repeat(65_535),
  "",
  ".",
  "..",
  "CON",
  "__proto__",
  "tables/__proto__.toString.json",
];
const NAMED: Attack[] = NAMES.flatMap((name): Attack[] => {
  const what = JSON.stringify(name.length > 60 ? `${name.slice(0, 60)}…` : name);
  return [
    [`renamed to ${what}`, INVALID, ({ entries }) => change(entries, isUser, { name })],
    [
      `beside the others, ${what}`,
      INVALID,
      ({ entries }) => [...entries, { ...one(entries, isUser), name }],
    ],
  ];
});

const BIG = 1n << 60n;
const both = (field: object) => ({ central: field, local: field });
const userWith = (what: string, by: Partial<ForgedEntry>, outcome: Outcome = INVALID): Attack => [
  what,
  outcome,
  ({ entries }) => change(entries, isUser, by),
];
const userLength = (scene: Scene) => BigInt(one(scene.entries, isUser).content.length);
const WIDE = 0xffffffff;

const HEADERS: Attack[] = [
  userWith("a symbolic link", { mode: 0o120777 }),
  userWith("a directory with content", { mode: 0o040755 }),
  userWith("a device", { mode: 0o060600 }),
  userWith("a pipe", { mode: 0o010600 }),
  userWith("a socket", { mode: 0o140600 }),
  userWith("executable, set-uid", { mode: 0o104777 }, "accepted"),
  ...(["central", "local"] as const).flatMap((side) => [
    userWith(`another name in ${side}`, { [side]: { name: "tables/public.Evil.json" } }),
    userWith(`other flags in ${side}`, { [side]: { flags: 0 } }),
    userWith(`another method in ${side}`, { [side]: { method: 8 } }),
    userWith(`another checksum in ${side}`, { [side]: { crc32: 1 } }),
    userWith(`another packed size in ${side}`, { [side]: { compressedBytes: 1 } }),
    userWith(`another size in ${side}`, { [side]: { sizeBytes: 1 } }),
    userWith(`a size of zero in ${side}`, { [side]: { sizeBytes: 0, compressedBytes: 0 } }),
  ]),
  userWith("encrypted by the zip", both({ flags: 1 })),
  userWith("strongly encrypted by the zip", both({ flags: (1 << 11) | 1 | (1 << 6) })),
  userWith("with masked headers", both({ flags: 1 << 13 })),
  userWith("a data descriptor that is none", both({ flags: 8 | (1 << 11) })),
  ...[1, 6, 9, 12, 14, 93, 95, 99].map((method) =>
    userWith(`packed by method ${method}`, both({ method })),
  ),
  userWith("larger than the file", both({ compressedBytes: 1e9, sizeBytes: 1e9 })),
  userWith("inside another", { offset: 0 }),
  userWith("beyond the file", { offset: 0xfffffff0 }),
  userWith("at the file's end", { offset: 1e6 }),
  userWith("a checksum that is wrong on both sides", both({ crc32: 1 }), "accepted"),
];

const ZIP64: Attack[] = [
  ["an end of zip64 that says the truth", "accepted", ({ entries }) => withZip64End(pack(entries))],
  [
    "a million entries",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { entries: 1_000_000n }),
  ],
  ["2^60 entries", INVALID, ({ entries }) => withZip64End(pack(entries), { entries: BIG })],
  ["no entries", INVALID, ({ entries }) => withZip64End(pack(entries), { entries: 0n })],
  [
    "an entry too few",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { entries: BigInt(entries.length - 1) }),
  ],
  [
    "an entry too many",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { entries: BigInt(entries.length + 1) }),
  ],
  [
    "a directory beyond the file",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { directoryAt: BIG }),
  ],
  [
    "a directory at the file's beginning",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { directoryAt: 0n }),
  ],
  ["an end beyond the file", INVALID, ({ entries }) => withZip64End(pack(entries), { endAt: BIG })],
  [
    "an end at the file's beginning",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { endAt: 0n }),
  ],
  ["65,535 entries without a zip64", INVALID, ({ entries }) => pack(entries, 0xffff)],
  ["no entries without a zip64", INVALID, ({ entries }) => pack(entries, 0)],
  ["an entry too few without a zip64", INVALID, ({ entries }) => pack(entries, entries.length - 1)],
  [
    "an entry too many without a zip64",
    INVALID,
    ({ entries }) => pack(entries, entries.length + 1),
  ],
  [
    "sizes that are the truth in zip64's field",
    "accepted",
    (scene) => {
      const extra = zip64Extra(userLength(scene), userLength(scene));
      const wide = both({ compressedBytes: WIDE, sizeBytes: WIDE });
      return change(scene.entries, isUser, { ...wide, centralExtra: extra, localExtra: extra });
    },
  ],
  ...(
    [
      ["2^60", BIG],
      ["2^64 - 1", (1n << 64n) - 1n],
      ["zero", 0n],
      ["one", 1n],
    ] as const
  ).flatMap(([what, size]): Attack[] => [
    [
      `sizes of ${what} in zip64's fields`,
      INVALID,
      ({ entries }) => {
        const wide = both({ compressedBytes: WIDE, sizeBytes: WIDE });
        const extra = zip64Extra(size, size);
        return change(entries, isUser, { ...wide, centralExtra: extra, localExtra: extra });
      },
    ],
    [
      `a size of ${what} in the directory's zip64 field`,
      INVALID,
      ({ entries }) =>
        change(entries, isUser, { central: { sizeBytes: WIDE }, centralExtra: zip64Extra(size) }),
    ],
    [
      `sizes of ${what} in the zip64 field beside the content`,
      INVALID,
      ({ entries }) =>
        change(entries, isUser, {
          local: { sizeBytes: WIDE, compressedBytes: WIDE },
          localExtra: zip64Extra(size, size),
        }),
    ],
  ]),
  [
    "a zip64 field that is too short",
    INVALID,
    ({ entries }) =>
      change(entries, isUser, {
        central: { sizeBytes: WIDE },
        centralExtra: Buffer.from([1, 0, 2, 0, 1, 1]),
      }),
  ],
  [
    "a zip64 field that says more than it has",
    INVALID,
    ({ entries }) =>
      change(entries, isUser, {
        central: { sizeBytes: WIDE },
        centralExtra: Buffer.from([1, 0, 255, 255, 1]),
      }),
  ],
];

/**
 * A forged manifest. Anyone who knows the public key can encrypt one: age proves who can read a file, not who wrote it.
 */
const MANIFESTS: Array<
  [what: string, outcome: Outcome, edit: (manifest: StoredManifest) => unknown]
> = [
  ["nothing changed", "accepted", (it) => it],
  ["what nobody knows added", "accepted", (it) => ({ ...it, more: { "../x": ["$(reboot)"] } })],
  [
    "__proto__ added",
    "accepted",
    (it) => JSON.stringify(it).replace("{", '{"__proto__":{"tables":[]},'),
  ],
  ["a newer version", "FORMAT_UNSUPPORTED", (it) => ({ ...it, formatVersion: 2 })],
  [
    "the newest version",
    "FORMAT_UNSUPPORTED",
    (it) => ({ ...it, formatVersion: Number.MAX_SAFE_INTEGER }),
  ],
  ...[0, -1, 1.5, "1", null, [1], 1e300].map((formatVersion): (typeof MANIFESTS)[number] => [
    `version ${JSON.stringify(formatVersion)}`,
    INVALID,
    (it) => ({ ...it, formatVersion }),
  ]),
  [
    "another mode",
    INVALID,
    (it) => ({ ...it, encryption: it.encryption === "none" ? "recipients" : "none" }),
  ],
  ["no tables", INVALID, (it) => ({ ...it, tables: [] })],
  ["a table less", INVALID, (it) => ({ ...it, tables: it.tables.slice(1) })],
  ["a table twice", INVALID, (it) => ({ ...it, tables: [...it.tables, it.tables[0]] })],
  [
    "a table that is not there",
    INVALID,
    (it) => ({
      ...it,
      tables: [
        ...it.tables,
        { ...it.tables[0], name: "X", entry: it.tables[0]?.entry.replace("User", "X") },
      ],
    }),
  ],
  ["a table's name", INVALID, first({ name: "Admin" })],
  ["a table's schema", INVALID, first({ schema: "pg_catalog" })],
  ["a table's entry", INVALID, first({ entry: "../../etc/passwd" })],
  ["a name with a NUL", INVALID, first({ name: "User\0" })],
  ["a row more", MISMATCH, first({ rows: 61 })],
  ["a row less", MISMATCH, first({ rows: 59 })],
  ["no rows", MISMATCH, first({ rows: 0 })],
  ["rows beyond counting", INVALID, first({ rows: 2 ** 53 })],
  ["half a row", INVALID, first({ rows: 0.5 })],
  [
    "a byte less of JSON",
    { none: INVALID, recipients: MISMATCH, passphrase: MISMATCH },
    (it) => first({ jsonBytes: (it.tables[0]?.jsonBytes ?? 0) - 1 })(it),
  ],
  [
    "10 GB of JSON",
    { none: INVALID, recipients: MISMATCH, passphrase: MISMATCH },
    first({ jsonBytes: 1e10 }),
  ],
  [
    "another digest of the JSON",
    { none: INVALID, recipients: MISMATCH, passphrase: MISMATCH },
    first({ jsonSha256: sha256("x") }),
  ],
  [
    "another stored digest",
    { none: INVALID, recipients: MISMATCH, passphrase: MISMATCH },
    first({ storedSha256: sha256("x") }),
  ],
  ["other digests", MISMATCH, first({ storedSha256: sha256("x"), jsonSha256: sha256("x") })],
  ["another stored size", INVALID, first({ storedBytes: 1 })],
  [
    "SQL for a sequence's value",
    INVALID,
    (it) => ({
      ...it,
      sequences: it.sequences.map((sequence) => ({
        ...sequence,
        lastValue: "1); DROP TABLE x; --",
      })),
    }),
  ],
  [
    "a sequence beyond int8",
    INVALID,
    (it) => ({
      ...it,
      sequences: it.sequences.map((sequence) => ({
        ...sequence,
        lastValue: "9223372036854775808",
      })),
    }),
  ],
  ["no date", INVALID, (it) => ({ ...it, createdAt: "now(); --" })],
  [
    "a name of 2,000 characters",
    INVALID,
    (it) => ({ ...it, database: { ...it.database, name: "x".repeat(2000) } }),
  ],
  [
    "60,000 tables",
    INVALID,
    (it) => ({ ...it, tables: Array.from({ length: 60_000 }, () => it.tables[0]) }),
  ],
  [
    "700,000 columns, in bytes more than a manifest's",
    INVALID,
    (it) => {
      const column = { name: "x".repeat(60), type: "text", encoding: "json" };
      const columns = `${JSON.stringify(column)},`.repeat(700_000).slice(0, -1);
      // Replaces one table's columns, which are empty in all of them.
      return JSON.stringify(it).replace('"columns":[]', `"columns":[${columns}]`);
    },
  ],
  ["not JSON", INVALID, () => "{"],
  ["empty", INVALID, () => ""],
  ["a JSON text", INVALID, () => '"x"'],
  ["a JSON array", INVALID, () => "[]"],
  ["JSON null", INVALID, () => "null"],
  ["100,000 levels deep", INVALID, (it) => deep(it, "[", "]", 100_000)],
  ["10 million levels deep", INVALID, (it) => deep(it, "[", "]", 10_000_000)],
  ["a million objects deep", INVALID, (it) => deep(it, '{"a":', "}", 1_000_000, "0")],
  [
    "10 million levels deep without an end",
    INVALID,
    () => `{"formatVersion":1,"x":${"[".repeat(10_000_000)}`,
  ],
  ["20 million empty objects", INVALID, (it) => withText(it, `[${"{},".repeat(2e7)}0]`)],
];

function first(by: object): (manifest: StoredManifest) => unknown {
  return (it) => ({
    ...it,
    tables: it.tables.map((table, index) => (index === 0 ? { ...table, ...by } : table)),
  });
}

function withText(manifest: StoredManifest, json: string): string {
  return `{"more":${json},${JSON.stringify(manifest).slice(1)}`;
}

const deep = (manifest: StoredManifest, open: string, close: string, levels: number, inner = "") =>
  withText(manifest, open.repeat(levels) + inner + close.repeat(levels));

describe.each(MODES)("mode %s", (mode) => {
  const own = (attacks: Attack[]) =>
    attacks.flatMap(([what, outcome, forge]) => {
      const expected = typeof outcome === "string" ? outcome : outcome[mode];
      return expected === undefined ? [] : [{ what, expected, forge }];
    });

  describe.each([
    ["entries", ENTRIES],
    ["names", NAMED],
    ["headers", HEADERS],
    ["zip64", ZIP64],
  ])("%s", (_, attacks) => {
    it.each(sample(own(attacks)))("$what: $expected", async ({ expected, forge }) => {
      const forged = forge(await sceneOf(mode));
      const zip = Buffer.isBuffer(forged) ? forged : pack(forged);
      expect(await outcomeOf(mode, zip)).toBe(expected);
    });
  });

  describe("manifest", () => {
    const edits = MANIFESTS.map(([what, outcome, edit]) => ({
      what,
      expected: typeof outcome === "string" ? outcome : outcome[mode],
      edit,
    }));
    it.each(sample(edits))("$what: $expected", async ({ expected, edit }) => {
      const { key, entries, manifest } = await sceneOf(mode);
      const edited = edit(manifest);
      const json = typeof edited === "string" ? edited : JSON.stringify(edited);
      const content = await encryptBytes(key, Buffer.from(json));
      // Deflated, like a bomb.
      const zip = pack(change(entries, isManifest, { content, deflate: mode === "none" }));
      expect(await outcomeOf(mode, zip)).toBe(expected);
    });
  });
});

describe("a key that", () => {
  const header = (stanzas: string[]) =>
    Buffer.from(
      `age-encryption.org/v1\n${stanzas.join("")}--- ${"A".repeat(43)}\n${"x".repeat(32)}`,
    );
  const scrypt = (factor: string, salt = "A".repeat(22), body = "A".repeat(43)) =>
    `-> scrypt ${salt} ${factor}\n${body}\n`;
  const SCRYPT_KEYS: Array<[what: string, key: Buffer]> = [
    ...[
      "21",
      "30",
      "31",
      "63",
      "64",
      "1000000",
      "99999999999999999999",
      "0",
      "-1",
      "018",
      "1e1",
      "0x10",
      "18.5",
      "Infinity",
      "NaN",
    ].map((factor): [string, Buffer] => [
      `asks for the scrypt factor ${factor}`,
      header([scrypt(factor)]),
    ]),
    ["asks for two passphrases", header([scrypt("1"), scrypt("1")])],
    ["asks for a passphrase or an identity", header([scrypt("1"), "-> X25519 AAAA\nAAAA\n"])],
    ["asks for an identity", header(["-> X25519 AAAA\nAAAA\n"])],
    ["has a short salt", header([scrypt("1", "AAAA")])],
    ["has a long salt", header([scrypt("1", "A".repeat(1000))])],
    ["has a short body", header([scrypt("1", undefined, "AAAA")])],
    ["has no recipient", header([])],
    ["has a thousand recipients", header(Array.from({ length: 1000 }, () => scrypt("1")))],
    ["is empty", Buffer.alloc(0)],
    ["is larger than any", Buffer.alloc(100_000, "a")],
    ["is 64 KB of one line", Buffer.alloc(65_536, "a")],
  ];

  it.each(SCRYPT_KEYS)("%s is ARCHIVE_INVALID", async (_, content) => {
    const { entries } = await sceneOf("passphrase");
    const path = join(await temporaryFolder(), "a.zip");
    writeFileSync(path, pack(change(entries, isKey, { content })));
    expect(await codeOf(readWhole(path, { passphrase: PASSPHRASE }))).toBe(INVALID);
  });

  it("is of another archive of the same passphrase, alone or with its manifest, opens neither", async () => {
    const scene = await sceneOf("passphrase");
    const path = join(await temporaryFolder(), "a.zip");
    for (const [which, expected] of [
      [isKey, INVALID],
      [(it: ForgedEntry) => isKey(it) || isManifest(it), MISMATCH],
    ] as const) {
      writeFileSync(path, pack(spliced(scene, which)));
      expect(await codeOf(readWhole(path, { passphrase: PASSPHRASE }))).toBe(expected);
    }
    writeFileSync(path, pack(scene.entries));
    expect(await codeOf(readWhole(path, { passphrase: "wrong" }))).toBe("WRONG_PASSPHRASE");
  });
});
