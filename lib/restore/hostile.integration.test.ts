/**
 * Restores hostile archives into a real database: none changes anything, and names from an archive reach the database
 * only if it has them too.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { deflateRawSync } from "node:zlib";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import { type ArchiveKey, createArchiveKey, encryptBytes } from "../archive/encryption.ts";
import type { StoredManifest } from "../archive/manifest.ts";
import { BackupError } from "../errors.ts";
import type { EncryptionChoice, Unlock } from "../shared/api.ts";
import { tableEntryName } from "../shared/archive-format.ts";
import { cheapPassphraseKey, PASSPHRASE } from "../testing/archives.ts";
import {
  backUp,
  errorOf,
  leftSessions,
  models,
  openTestDatabase,
  restore,
  temporaryPath,
  testDatabase,
} from "../testing/backups.ts";
import { type ForgedEntry, pack, unpack, withZip64End, zip64Extra } from "../testing/forge-zip.ts";
import { databaseText, pgDumpText } from "../testing/oracles.ts";
import { type Region, regionsOf } from "../testing/zip-regions.ts";
import { verifyArchive } from "./plan-restore.ts";

const SQL = `
  CREATE TABLE customer (id serial PRIMARY KEY, name text NOT NULL, partner int REFERENCES customer);
  CREATE TABLE "order" (id int PRIMARY KEY, customer_id int NOT NULL REFERENCES customer, note text);
  CREATE SEQUENCE receipt;
  INSERT INTO customer (name) SELECT 'customer ' || i FROM generate_series(1, 50) i;
  INSERT INTO "order" SELECT i, 1 + i % 50, md5(i::text) FROM generate_series(1, 200) i;
  SELECT setval('receipt', 41);`;
/** Rows of the same sizes, for archives spliced from two backups. */
const LATER = `UPDATE customer SET name = reverse(name); UPDATE "order" SET note = reverse(note)`;
const MESS = `DELETE FROM "order" WHERE id % 3 = 0; UPDATE customer SET name = 'since'; SELECT nextval('receipt')`;

const MODES = ["none", "recipients", "passphrase"] as const;
type Mode = (typeof MODES)[number];
interface Archived {
  whole: Buffer;
  entries: ForgedEntry[];
  /** Entries of a backup of other rows, for the same passphrase or public keys. */
  other: ForgedEntry[];
  manifest: StoredManifest;
  unlock: Unlock;
  /**
   * Uses the private key even in passphrase mode, because deriving a key from the passphrase takes a process each time.
   */
  quickUnlock: Unlock;
  encrypt(content: Buffer): Promise<Buffer>;
}

async function createScene<Modes extends Mode>(...modes: Modes[]) {
  const { db, database } = await testDatabase({ sql: SQL });
  const identity = await generateX25519Identity();
  const recipients = [await identityToRecipient(identity)];
  const createKey = async (mode: Mode): Promise<{ key: ArchiveKey; quickUnlock: Unlock }> => {
    if (mode !== "passphrase") {
      const key = await createArchiveKey({ mode, recipients } as EncryptionChoice);
      return { key, quickUnlock: mode === "none" ? {} : { identity } };
    }
    const key = await cheapPassphraseKey();
    return { key, quickUnlock: { identity: key.identity } };
  };
  const archived = async (mode: Mode): Promise<Omit<Archived, "other">> => {
    const { key, quickUnlock } = await createKey(mode);
    const { path } = await backUp(database, { key });
    await using archive = await openArchive(path);
    await archive.unlock(quickUnlock);
    return {
      whole: readFileSync(path),
      entries: await unpack(path),
      // Our own writer stores the complete manifest.
      manifest: archive.manifest as StoredManifest,
      unlock: mode === "passphrase" ? { passphrase: PASSPHRASE } : quickUnlock,
      quickUnlock,
      encrypt: (content) => encryptBytes(key, content),
    };
  };
  const archives = {} as Record<Modes, Archived>;
  const textOfArchived = await databaseText(db.url);
  for (const mode of modes) archives[mode] = { ...(await archived(mode)), other: [] };
  await db.query(LATER);
  for (const mode of modes) {
    const { key } = await createKey(mode);
    archives[mode].other = await unpack((await backUp(database, { key })).path);
  }
  await db.query(MESS);
  return { db, database, archives, textOfArchived, before: await pgDumpText(db.url) };
}

const isOrder = ({ name }: ForgedEntry) => name.includes("public.order");
const isKey = ({ name }: ForgedEntry) => name === "key.age";
const isManifest = ({ name }: ForgedEntry) => name.startsWith("manifest.");
const edited = (entries: ForgedEntry[], by: Partial<ForgedEntry>, which = isOrder) =>
  entries.map((entry) => (which(entry) ? { ...entry, ...by } : entry));
const one = (entries: ForgedEntry[], which: (entry: ForgedEntry) => boolean): ForgedEntry => {
  const entry = entries.find(which);
  if (!entry) throw new Error("no such entry");
  return entry;
};
const spliced = ({ entries, other }: Archived, which: (entry: ForgedEntry) => boolean) =>
  entries.map((entry) => (which(entry) ? one(other, ({ name }) => name === entry.name) : entry));

/**
 * Flips one bit in a region of the zip. For content, a bit in the middle. Otherwise the first, which all readers need.
 */
function flip(whole: Buffer, region: Region): Buffer {
  const regionOf = regionsOf(whole);
  const positions = [...whole.keys()].filter((position) => regionOf(position) === region);
  const changed = Buffer.from(whole);
  const isContent = region === "table" || region === "manifest";
  const at = positions[isContent ? positions.length >> 1 : 0] ?? 0;
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
}

async function withManifest(archived: Archived, edit: (it: StoredManifest) => unknown) {
  const json = edit(structuredClone(archived.manifest));
  const text = typeof json === "string" ? json : JSON.stringify(json);
  return edited(
    archived.entries,
    { content: await archived.encrypt(Buffer.from(text)) },
    isManifest,
  );
}

const INVALID = "ARCHIVE_INVALID";
const MISMATCH = "DIGEST_MISMATCH";
const BOMB = {
  content: deflateRawSync(Buffer.alloc(2e8)),
  central: { method: 8, sizeBytes: 100 },
  local: { method: 8, sizeBytes: 100 },
};

type Attack = [
  what: string,
  mode: Mode,
  code: string | string[],
  forge: (archived: Archived) => Buffer | ForgedEntry[] | Promise<ForgedEntry[]>,
];

const ATTACKS: Attack[] = [
  ["a bit in a table", "none", [INVALID, MISMATCH], ({ whole }) => flip(whole, "table")],
  ["a bit in a table", "recipients", [INVALID, MISMATCH], ({ whole }) => flip(whole, "table")],
  ["a bit in the manifest", "none", INVALID, ({ whole }) => flip(whole, "manifest")],
  ["a bit in the manifest", "recipients", INVALID, ({ whole }) => flip(whole, "manifest")],
  ["a bit in a descriptor", "recipients", INVALID, ({ whole }) => flip(whole, "descriptor")],
  ["a bit in the directory", "recipients", INVALID, ({ whole }) => flip(whole, "directory")],
  ...[0.001, 0.25, 0.5, 0.75, 0.999].map(
    (part): Attack => [
      `cut off at ${part}`,
      part === 0.5 ? "none" : "recipients",
      "ARCHIVE_TRUNCATED",
      ({ whole }) => whole.subarray(0, Math.floor(whole.length * part)),
    ],
  ),
  ["a table dropped", "none", INVALID, ({ entries }) => entries.filter((it) => !isOrder(it))],
  ["a table dropped", "recipients", INVALID, ({ entries }) => entries.filter((it) => !isOrder(it))],
  [
    "the manifest dropped",
    "none",
    INVALID,
    ({ entries }) => entries.filter((it) => !isManifest(it)),
  ],
  ["a table twice", "recipients", INVALID, ({ entries }) => [...entries, one(entries, isOrder)]],
  ["the manifest twice", "none", INVALID, ({ entries }) => [...entries, one(entries, isManifest)]],
  ["a table spliced", "none", MISMATCH, (it) => spliced(it, isOrder)],
  ["a table spliced", "recipients", [MISMATCH, INVALID], (it) => spliced(it, isOrder)],
  ["the manifest spliced", "none", MISMATCH, (it) => spliced(it, isManifest)],
  ["the manifest spliced", "recipients", [MISMATCH, INVALID], (it) => spliced(it, isManifest)],
  [
    "two tables swapped",
    "none",
    INVALID,
    ({ entries }) =>
      edited(entries, { content: one(entries, ({ name }) => name.includes("customer")).content }),
  ],
  [
    "a name outside",
    "none",
    INVALID,
    ({ entries }) => edited(entries, { name: "tables/../../order.json" }),
  ],
  ["an absolute name", "none", INVALID, ({ entries }) => edited(entries, { name: "/order.json" })],
  [
    "a name with a NUL",
    "none",
    INVALID,
    ({ entries }) => edited(entries, { name: "tables/public.order.json\0" }),
  ],
  [
    "a name with backslashes",
    "none",
    INVALID,
    ({ entries }) => edited(entries, { name: "tables\\public.order.json" }),
  ],
  ["a link", "recipients", INVALID, ({ entries }) => edited(entries, { mode: 0o120777 })],
  [
    "a directory that contradicts",
    "none",
    INVALID,
    ({ entries }) => edited(entries, { central: { sizeBytes: 7 } }),
  ],
  [
    "a zip64 that lies about a size",
    "none",
    INVALID,
    ({ entries }) =>
      edited(entries, { central: { sizeBytes: 0xffffffff }, centralExtra: zip64Extra(1n << 60n) }),
  ],
  [
    "a zip64 of a million entries",
    "none",
    INVALID,
    ({ entries }) => withZip64End(pack(entries), { entries: 1_000_000n }),
  ],
  ["a bomb for a table", "none", INVALID, ({ entries }) => edited(entries, BOMB)],
  ["a bomb for the manifest", "none", INVALID, ({ entries }) => edited(entries, BOMB, isManifest)],
  [
    "a key of scrypt's factor 30",
    "recipients",
    INVALID,
    ({ entries }) => [
      ...entries,
      {
        name: "key.age",
        content: Buffer.from(
          `age-encryption.org/v1\n-> scrypt ${"A".repeat(22)} 30\n${"A".repeat(43)}\n--- ${"A".repeat(43)}\n`,
        ),
      },
    ],
  ],
  ...["a key of scrypt's factor 30", "a key of scrypt's factor 99"].map(
    (what): Attack => [
      what,
      "passphrase",
      INVALID,
      ({ entries }) => {
        const key = Buffer.from(one(entries, isKey).content).toString("latin1");
        const factor = what.slice(-2);
        const content = Buffer.from(key.replace(/^(-> scrypt \S+) 1$/m, `$1 ${factor}`), "latin1");
        return edited(entries, { content }, isKey);
      },
    ],
  ),
  ["the key spliced", "passphrase", INVALID, (it) => spliced(it, isKey)],
  ["a table spliced", "passphrase", [MISMATCH, INVALID], (it) => spliced(it, isOrder)],
  ["a bit in a table", "passphrase", [INVALID, MISMATCH], ({ whole }) => flip(whole, "table")],
  ["a bit in the manifest", "passphrase", INVALID, ({ whole }) => flip(whole, "manifest")],
  [
    "a manifest of a newer version",
    "none",
    "FORMAT_UNSUPPORTED",
    (it) => withManifest(it, (m) => ({ ...m, formatVersion: 2 })),
  ],
  [
    "a manifest with a row less",
    "none",
    "LOAD_FAILED",
    (it) =>
      withManifest(it, (m) => ({
        ...m,
        tables: m.tables.map((t) => ({ ...t, rows: t.rows - 1 })),
      })),
  ],
  [
    "a manifest with a row more",
    "recipients",
    "LOAD_FAILED",
    (it) =>
      withManifest(it, (m) => ({
        ...m,
        tables: m.tables.map((t) => ({ ...t, rows: t.rows + 1 })),
      })),
  ],
  [
    "a manifest with other digests",
    "none",
    MISMATCH,
    (it) =>
      withManifest(it, (m) => ({
        ...m,
        tables: m.tables.map((t) => ({
          ...t,
          jsonSha256: "0".repeat(64),
          storedSha256: "0".repeat(64),
        })),
      })),
  ],
  [
    "a manifest without a column",
    "none",
    INVALID,
    (it) =>
      withManifest(it, (m) => ({
        ...m,
        tables: m.tables.map((t) => ({ ...t, columns: t.columns.slice(0, -1) })),
      })),
  ],
  [
    "a manifest a million levels deep",
    "recipients",
    INVALID,
    (it) =>
      withManifest(
        it,
        (m) => `{"more":${"[".repeat(1e6)}${"]".repeat(1e6)},${JSON.stringify(m).slice(1)}`,
      ),
  ],
  [
    "a manifest with SQL for a sequence's value",
    "none",
    INVALID,
    (it) =>
      withManifest(it, (m) => ({
        ...m,
        sequences: m.sequences.map((s) => ({
          ...s,
          lastValue: "1); DROP TABLE customer CASCADE; --",
        })),
      })),
  ],
];

test(`${ATTACKS.length} hostile archives are restored without the check that comes before: each is refused, and nothing has changed`, async () => {
  const { db, database, archives, before } = await createScene(...MODES);
  // After each attack, compare the server's own output, which takes a quarter of the time. After all of them, compare
  // pg_dump.
  const textBefore = await databaseText(db.url);
  for (const [what, mode, code, forge] of ATTACKS) {
    const archived = archives[mode];
    const forged = await forge(archived);
    const path = await temporaryPath();
    writeFileSync(path, Buffer.isBuffer(forged) ? forged : pack(forged));
    const restoring = restore(database, path, { unlock: archived.unlock });
    const error = await errorOf(restoring).catch((cause) => {
      throw new Error(`${what}, mode ${mode}`, { cause });
    });
    expect.soft([code].flat(), `${what}, mode ${mode}: ${error.message}`).toContain(error.code);
    expect.soft(error.message, what).toMatch(/[Nn]othing was changed/);
    expect.soft(await databaseText(db.url), `${what}, mode ${mode}`).toBe(textBefore);
  }
  expect(await pgDumpText(db.url)).toBe(before);
  expect(await leftSessions(db)).toEqual([]);
  // The archives themselves are valid.
  const path = await temporaryPath();
  writeFileSync(path, pack(archives.recipients.entries));
  expect((await restore(database, path, { unlock: archives.recipients.unlock })).rows).toBe(250);
});

describe.for(MODES)(
  "an archive of mode %s, restored without the check that comes before",
  (mode) => {
    const flips = fc.record({
      at: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
      bit: fc.nat(7),
    });
    const parts = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const damages: Array<
      [what: string, runs: number, damage: fc.Arbitrary<(whole: Buffer) => Buffer>]
    > = [
      [
        "with a random bit flipped",
        100,
        flips.map(({ at, bit }) => (whole) => {
          const changed = Buffer.from(whole);
          const position = Math.floor(at * whole.length);
          changed[position] = (changed[position] ?? 0) ^ (1 << bit);
          return changed;
        }),
      ],
      [
        "cut off at a random length",
        50,
        parts.map((part) => (whole) => whole.subarray(0, Math.floor(part * whole.length))),
      ],
    ];

    test.for(damages)(
      "%s, %i times: refused with nothing changed, or every row is right",
      async ([, numRuns, damage]) => {
        const { db, database, archives, textOfArchived } = await createScene(mode);
        const { whole, unlock, quickUnlock } = archives[mode];
        const path = await temporaryPath();
        let text = await databaseText(db.url);
        await fc.assert(
          fc.asyncProperty(fc.noBias(damage), async (apply) => {
            writeFileSync(path, apply(whole));
            const outcome = await restore(database, path, { unlock: quickUnlock }).then(
              () => "accepted",
              (error: unknown) => (error instanceof BackupError ? error.code : error),
            );
            expect(["accepted", INVALID, MISMATCH, "ARCHIVE_TRUNCATED"]).toContain(outcome);
            if (outcome === "accepted") text = textOfArchived;
            expect(await databaseText(db.url)).toBe(text);
            if (outcome !== "accepted") return;
            await db.query(MESS);
            text = await databaseText(db.url);
          }),
          { numRuns },
        );
        // The archive itself is valid.
        writeFileSync(path, whole);
        await restore(database, path, { unlock });
        expect(await databaseText(db.url)).toBe(textOfArchived);
        expect(await leftSessions(db)).toEqual([]);
      },
    );
  },
);

/** A proxy that forwards everything and records what the client sends. */
async function listeningProxy(url: string) {
  const { hostname, port } = new URL(url);
  const heard: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.on("data", (chunk) => heard.push(chunk));
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const proxied = new URL(url);
  proxied.port = String(address.port);
  return { url: proxied.href, heard: () => Buffer.concat(heard).toString("latin1") };
}

const MARK = "zq9";
const EVIL = `${MARK}"; DROP TABLE customer CASCADE; --'); DROP TABLE "order"; --\\`;

describe("SQL in the names of an archive never reaches the database", () => {
  const forgeries: Array<[what: string, code: string | null, edit: (it: StoredManifest) => void]> =
    [
      ["a table", "SCHEMA_DRIFT", (it) => rename(it, { name: EVIL })],
      ["a schema", "SCHEMA_DRIFT", (it) => rename(it, { schema: EVIL })],
      // It looks like a column that was dropped since. The rows disprove that when they are loaded.
      ["a column", "ARCHIVE_INVALID", (it) => editColumn(it, { name: EVIL })],
      ["a column's type", "SCHEMA_DRIFT", (it) => editColumn(it, { type: EVIL })],
      ["a model", null, (it) => assignAll(it.tables, { model: EVIL })],
      ["a sequence", null, (it) => assignAll(it.sequences, { name: EVIL })],
      [
        "a sequence's owner",
        null,
        (it) =>
          assignAll(it.sequences, {
            ownerTable: { schema: EVIL, name: EVIL },
            ownerColumn: EVIL,
          }),
      ],
      [
        "a constraint, its tables and columns",
        null,
        (it) => {
          const table = { schema: EVIL, name: EVIL };
          it.insertionOrder = {
            components: [{ tables: [table], cyclic: true, level: 0 }],
            edges: [
              {
                constraint: EVIL,
                from: table,
                to: table,
                columns: [EVIL],
                referencedColumns: [EVIL],
                onDelete: EVIL,
                relation: EVIL,
                role: "cycle",
              },
            ],
          };
        },
      ],
      [
        "the database, a migration, a warning",
        null,
        (it) => {
          Object.assign(it.database, { name: EVIL, encoding: EVIL, serverVersion: EVIL });
          it.migrations = [{ name: EVIL, checksum: EVIL, finishedAt: null, rolledBackAt: null }];
          // biome-ignore lint/suspicious/noExplicitAny: no code of ours.
          it.warnings = [{ code: EVIL as any, message: EVIL, table: { schema: EVIL, name: EVIL } }];
          it.tool = EVIL.slice(0, 200);
        },
      ],
    ];

  test.for(forgeries)("%s", async ([, code, edit]) => {
    const { db, archives, before } = await createScene("none");
    const { entries } = archives.none;
    const manifest = structuredClone(archives.none.manifest);
    const names = new Map(manifest.tables.map((table) => [table, table.entry]));
    edit(manifest);
    const renamed = new Map([...names].map(([table, entry]) => [entry, table.entry]));
    const path = await temporaryPath();
    writeFileSync(
      path,
      pack(
        entries.map((entry) =>
          isManifest(entry)
            ? { ...entry, content: Buffer.from(JSON.stringify(manifest)) }
            : { ...entry, name: renamed.get(entry.name) ?? entry.name },
        ),
      ),
    );
    const proxy = await listeningProxy(db.url);
    const database = openTestDatabase(proxy.url);
    {
      await using archive = await openArchive(path);
      await archive.unlock({});
      const plan = await verifyArchive({ database, models, archive });
      expect(plan.canStart).toBe(code !== "SCHEMA_DRIFT");
    }
    if (code === null) {
      expect((await restore(database, path)).rows).toBe(250);
    } else {
      expect((await errorOf(restore(database, path))).code).toBe(code);
      expect(await pgDumpText(db.url)).toBe(before);
    }
    expect(proxy.heard()).toContain("pg_catalog");
    expect(proxy.heard()).not.toContain(MARK);
  });

  test("where it is the database's own, it is only a name", async () => {
    const quoted = EVIL.replaceAll('"', '""');
    const table = `"${quoted.slice(0, 40)} t"`;
    const { db, database } = await testDatabase({
      sql: `
        CREATE TABLE customer (id int PRIMARY KEY);
        CREATE TABLE "order" (id int PRIMARY KEY);
        INSERT INTO customer VALUES (1); INSERT INTO "order" VALUES (1);
        CREATE SCHEMA "${quoted.slice(0, 40)} s";
        CREATE SEQUENCE "${quoted.slice(0, 40)} q";
        CREATE TABLE ${table} ("${quoted.slice(0, 40)} a" int PRIMARY KEY DEFAULT nextval('"${quoted.slice(0, 40).replaceAll("'", "''")} q"'), "b'); --" int);
        ALTER TABLE ${table} ADD CONSTRAINT "${quoted.slice(0, 40)} c" FOREIGN KEY ("b'); --") REFERENCES ${table};
        CREATE TABLE "${quoted.slice(0, 40)} s".${table} (i int);
        INSERT INTO ${table} ("b'); --") VALUES (1), (1), (2);
        INSERT INTO "${quoted.slice(0, 40)} s".${table} VALUES (7);`,
    });
    const before = await pgDumpText(db.url);
    const { path } = await backUp(database);
    await db.query(`DELETE FROM ${table}; DELETE FROM customer; INSERT INTO "order" VALUES (2)`);
    await restore(database, path);
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

function assignAll(them: object[], by: object): void {
  for (const it of them) Object.assign(it, by);
}

function rename(manifest: StoredManifest, by: { name?: string; schema?: string }): void {
  const [table] = manifest.tables;
  if (!table) throw new Error("no table");
  Object.assign(table, by);
  table.entry = tableEntryName(table, "none");
}

function editColumn(manifest: StoredManifest, by: { name?: string; type?: string }): void {
  const column = manifest.tables[0]?.columns.at(-1);
  if (!column) throw new Error("no column");
  Object.assign(column, by);
}
