/** Runs the commands of README.txt, unchanged, to restore a table into a real PostgreSQL. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import type { EncryptionChoice } from "../shared/api.ts";
import {
  PASSPHRASE,
  shell,
  temporaryFolder,
  terminal,
  writeArchive,
  writeFolder,
} from "../testing/archives.ts";
import { createTestDatabase, requireTool } from "../testing/database.ts";
import { createArchiveKey } from "./encryption.ts";
import { readmeText } from "./readme.ts";

const hasTools = ["unzip", "age", "age-keygen", "zstd", "jq", "psql", "sha256sum", "script"]
  .map(requireTool)
  .every(Boolean);

const SCHEMA = `CREATE TABLE "User" (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL, price numeric(65, 30), at timestamptz(6), tags text[], note jsonb, raw json
)`;

const ROWS = `INSERT INTO "User" OVERRIDING SYSTEM VALUE VALUES
  (1, E'quote '' " backslash \\\\ line\\nbreak tab\\t ☂', 0.000000000000000000000000000001,
   '2026-01-02 03:04:05.678901+00', '{"a b",NULL,"c\\"d"}', '{"k": [1, null]}', '{"k" : 1, "k": 2}'),
  (9223372036854775807, '', NULL, 'infinity', '[0:1]={x,y}', 'null', 'null'),
  (2, '\\.', 'NaN', NULL, NULL, NULL, NULL)`;

/** Writes each column as in the archive format: json as text, a JSON null wrapped. */
const AS_JSON = `SELECT string_agg(row_to_json(r)::text, E'\\n,') AS json FROM (
  SELECT id::text, name, price::text, at::text, tags::text,
         CASE WHEN note = 'null' THEN '{"$json": null}' ELSE note END AS note, raw::text
  FROM "User" ORDER BY id) r`;

const IDENTITY_OF: Record<EncryptionChoice["mode"], string | null> = {
  passphrase: "age -d key.age > identity.txt",
  recipients: null,
  none: null,
};

it.skipIf(!hasTools).each([
  ["passphrase", "zip"],
  ["recipients", "zip"],
  ["none", "zip"],
  ["passphrase", "folder"],
  ["none", "folder"],
] as const)("in mode %s, as a %s", async (mode, kind) => {
  const folder = await temporaryFolder();
  await using from = await createTestDatabase({ sql: `${SCHEMA}; ${ROWS}` });
  await using to = await createTestDatabase({ sql: SCHEMA });

  await from.query(`SET TimeZone = 'UTC'`);
  const [row] = await from.query<{ json: string }>(AS_JSON);
  const recipient = (await shell("age-keygen -o mine.txt; age-keygen -y mine.txt", folder)).trim();
  const key = await createArchiveKey(
    mode === "passphrase"
      ? { mode, passphrase: PASSPHRASE }
      : mode === "recipients"
        ? { mode, recipients: [recipient] }
        : { mode },
  );
  const tables = { User: `[${row?.json}\n]\n` };
  let readme: string;
  let backup: string;
  if (kind === "zip") {
    await writeArchive(join(folder, "BACKUP.zip"), key, tables);
    readme = await shell("unzip -p BACKUP.zip README.txt", folder);
    backup = join(folder, "backup");
    await shell(find(commandsOf(readme), "unzip BACKUP.zip").replace(/ && cd backup$/, ""), folder);
  } else {
    const original = join(folder, "original");
    await writeFolder(original, key, tables);
    readme = await readFile(join(original, "README.txt"), "utf8");
    backup = join(folder, "backup-copy");
    await shell(find(commandsOf(readme), "cp -R"), original);
  }
  const commands = commandsOf(readme);
  if (mode === "recipients") await shell("cp ../mine.txt identity.txt", backup);
  const openKey = IDENTITY_OF[mode];
  if (openKey) await terminal(find(commands, openKey), [PASSPHRASE], backup);
  await shell(find(commands, "> manifest.json.txt"), backup);
  expect(await shell(find(commands, ".rows"), backup)).toContain('[3,"public","User",');
  expect(await shell(find(commands, "insertionOrder"), backup)).toBe('["public","User"]\n');
  expect(await shell(find(commands, "jq -c"), backup)).toBe("");
  expect(await shell(find(commands, "sha256sum -c"), backup)).toContain(": OK");

  const script = commands.slice(commands.indexOf(find(commands, "\\encoding UTF8")));
  const load = script.slice(0, script.indexOf(find(script, "TRUNCATE line")) + 1);
  const fixes = readme.match(/UPDATE "public".*;$/gm) ?? [];
  expect(fixes).toHaveLength(2);
  const [fixJson = "", fixJsonb = ""] = fixes;
  const sql = [
    ...load,
    fixJson.replaceAll("col", "raw"),
    fixJsonb.replaceAll("col", "note"),
    ...sequenceCommands(commands),
  ].join("\n");
  await writeFile(join(backup, "load.sql"), sql);
  await shell(`psql -v ON_ERROR_STOP=1 -q -f load.sql '${to.url}'`, backup);

  const text = `SELECT u::text FROM "User" u ORDER BY id`;
  expect(await to.query(text)).toEqual(await from.query(text));
  expect(await to.query(`SELECT last_value FROM "User_id_seq"`)).toEqual([
    { last_value: "9223372036854775807" },
  ]);
  expect(await readFile(join(backup, "README.txt"), "utf8")).toBe(readme);
});

/**
 * Names and values that attempt an injection. Each is a sequence's name here, and one is a value that is not a number.
 */
const HOSTILE_NAMES = [
  'a"); DROP TABLE x; --',
  "it's",
  "a'); DROP TABLE x; --",
  "back\\slash\\'); DROP TABLE x; --",
  "two\nlines\n\\! touch owned\n",
  ":'sequences' `touch owned` $(touch owned)",
];

it.skipIf(!hasTools).each(["on", "off"])(
  "takes no name or value for SQL or a command, with standard_conforming_strings %s",
  async (conforming) => {
    const folder = await temporaryFolder();
    const quoted = (name: string) => `"${name.replaceAll('"', '""')}"`;
    await using to = await createTestDatabase({
      sql: `CREATE TABLE x (); ${HOSTILE_NAMES.map((name) => `CREATE SEQUENCE ${quoted(name)}`).join("; ")}`,
    });
    const run = async (sequences: Array<{ name: string; lastValue: string }>) => {
      const manifest = {
        sequences: sequences.map((it) => ({ schema: "public", isCalled: true, ...it })),
      };
      await writeFile(join(folder, "manifest.json.txt"), JSON.stringify(manifest));
      const commands = commandsOf(readmeText("none", new Date(), "zip"));
      const sql = [`SET standard_conforming_strings = ${conforming};`, "\\encoding UTF8"];
      await writeFile(
        join(folder, "sequences.sql"),
        [...sql, ...sequenceCommands(commands)].join("\n"),
      );
      await shell(`psql -v ON_ERROR_STOP=1 -q -f sequences.sql '${to.url}'`, folder);
    };
    await run(HOSTILE_NAMES.map((name, at) => ({ name, lastValue: String(at + 7) })));
    const states = await to.query<{ name: string; value: string }>(
      "SELECT sequencename AS name, last_value::text AS value FROM pg_sequences",
    );
    expect(new Map(states.map(({ name, value }) => [name, value]))).toEqual(
      new Map(HOSTILE_NAMES.map((name, at) => [name, String(at + 7)])),
    );
    await expect(run([{ name: "it's", lastValue: "1); DROP TABLE x; --" }])).rejects.toThrow();
    expect(await to.query("SELECT FROM x")).toEqual([]);
    expect(await readdir(folder)).not.toContain("owned");
  },
);

it.skipIf(!hasTools)("shows names to a terminal as text alone, each on its line", async () => {
  const folder = await temporaryFolder();
  const table = {
    schema: "public",
    name: "\u001b[2J\u009b2J\u202e\npublic.User",
    rows: 1,
    entry: "x",
  };
  const manifest = { tables: [table], insertionOrder: { components: [{ tables: [table] }] } };
  await writeFile(join(folder, "manifest.json.txt"), JSON.stringify(manifest));
  const commands = commandsOf(readmeText("none", new Date(), "zip"));
  for (const part of [".rows", "insertionOrder"]) {
    const shown = await shell(find(commands, part), folder);
    expect(shown).toMatch(/^[ -~]+\n$/);
    expect(shown).toContain(String.raw`\u001b[2J\u009b2J\u202e\npublic.User`);
  }
});

function sequenceCommands(commands: string[]): string[] {
  const from = commands.indexOf(find(commands, "\\set sequences"));
  return commands.slice(from, commands.indexOf(find(commands, "json_array_elements")) + 1);
}

/** Returns the commands in README.txt: its indented lines. */
function commandsOf(readme: string): string[] {
  return readme
    .split("\n")
    .filter((line) => line.startsWith("    "))
    .map((line) => line.trim());
}

function find(commands: string[], part: string): string {
  const command = commands.find((command) => command.includes(part));
  if (command === undefined) throw new Error(`README.txt has no command with: ${part}`);
  return command;
}
