/** Runs the commands of docs/opening-a-backup.md for Linux and macOS, unchanged, on a real backup of each mode. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createArchiveKey } from "../archive/encryption.ts";
import { openDatabase } from "../postgres/connection/connection.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type { EncryptionChoice } from "../shared/api.ts";
import { PASSPHRASE, shell, temporaryFolder, terminal } from "../testing/archives.ts";
import { createTestDatabase, requireTool } from "../testing/database.ts";
import { createBackupFile } from "./create-backup-file.ts";

const hasTools = ["unzip", "age", "age-keygen", "zstd", "jq", "psql", "shasum", "script"]
  .map(requireTool)
  .every(Boolean);

const SCHEMA = `CREATE TABLE "Book" (
  id serial PRIMARY KEY, isbn bigint, title text NOT NULL, price numeric(8, 2), since timestamptz(6),
  keywords text[], details jsonb, raw json
);
CREATE SEQUENCE "a""); DROP TABLE ""Book""; --"; CREATE SEQUENCE "it's"`;

const ROWS = `INSERT INTO "Book" VALUES
  (1, 9223372036854775807, E'a "quote" \\\\ and\\na line', 0.07, 'infinity', '{"NULL",NULL}', 'null', 'null'),
  (2, -1, '☂', 'NaN', '2026-01-02 03:04:05.678901+00', '[0:1]={x,y}', '{"n": 123456789012345678901234567890.5}', '{"k" : 1, "k": 2}'),
  (3, NULL, '', NULL, NULL, NULL, NULL, NULL);
  SELECT setval('"Book_id_seq"', 3), setval('"a""); DROP TABLE ""Book""; --"', 5), setval('"it''s"', 6)`;

const KEY_COMMAND = { passphrase: "age -d -o identity.txt", recipients: "cp ../my-key.txt" };

it.skipIf(!hasTools).each(["passphrase", "recipients", "none"] as const)(
  "in mode %s",
  async (mode) => {
    const page = new URL("../../docs/opening-a-backup.md", import.meta.url);
    const blocks = [...(await readFile(page, "utf8")).matchAll(/^```(?:sh|sql)\n(.*?)^```$/gms)];
    const block = (part: string): string => {
      const found = blocks.find(([, text]) => text?.includes(part))?.[1];
      if (found === undefined) throw new Error(`The page has no block with: ${part}`);
      return found;
    };

    const folder = await temporaryFolder();
    await using from = await createTestDatabase({ sql: `${SCHEMA}; ${ROWS}` });
    await using to = await createTestDatabase({ sql: SCHEMA });
    const keygen = "age-keygen -o my-key.txt; age-keygen -y my-key.txt";
    const recipient = (await shell(keygen, folder)).trim();
    const key = await createArchiveKey(choose(mode, recipient));
    const database = openDatabase({ connectionString: from.url });
    await createBackupFile({
      path: join(folder, "backup.zip"),
      kind: "zip",
      database,
      models: NO_PRISMA_MODELS,
      key,
    });
    await database.close();

    const backup = join(folder, "backup");
    await shell(block("unzip backup.zip"), folder);
    if (mode === "passphrase")
      await terminal(block(KEY_COMMAND[mode]).trim(), [PASSPHRASE], backup);
    if (mode === "recipients") await shell(block(KEY_COMMAND[mode]), backup);
    const names = block(mode === "none" ? "cat manifest.json" : "age -d -i identity.txt manifest");
    const run = (part: string) => shell(`set -e\n${names}\n${block(part)}`, backup);
    const sql = async (file: string, text: string) => {
      await writeFile(join(backup, file), text);
      await shell(`psql -v ON_ERROR_STOP=1 -q -f ${file} '${to.url}'`, backup);
    };
    const books = `SELECT b::text FROM "Book" b ORDER BY id`;

    expect(await run("{createdAt, database")).toContain('[3,"public","Book"]');
    const entry = `tables/public.Book.json${mode === "none" ? "" : ".zst.age"}`;
    expect(await run("shasum -a 256 -c")).toBe(`${entry}: OK\n`);
    expect(await run("| head -n 3")).toContain('{"id":2,');
    expect(await readFile(join(backup, "Book.csv"), "utf8")).toContain('2,"☂"');
    expect(await run("insertionOrder")).toBe('["public","Book"]\n');

    await run("> Book.json");
    const load = [block("CREATE SCHEMA by_hand"), block("a jsonb column"), block("DROP SCHEMA")];
    await sql("load.sql", load.join("\n"));
    expect(await to.query(books)).toEqual(await from.query(books));
    expect(await to.query(`SELECT nextval('"Book_id_seq"') AS next`)).toEqual([{ next: "4" }]);

    await to.query(`DELETE FROM "Book" WHERE id = 2`);
    await run("> row.json");
    await sql("row.sql", block("\\set row"));
    const part = `SELECT id, isbn, title, price, since, keywords, details FROM "Book" WHERE id = 2`;
    expect(await to.query(part)).toEqual(await from.query(part));

    await to.query(`SELECT setval('"Book_id_seq"', 77)`);
    await run("> sequences.json");
    await sql("sequences.sql", block("\\set sequences"));
    expect(
      await to.query(
        "SELECT sequencename AS name, last_value AS value FROM pg_sequences ORDER BY last_value",
      ),
    ).toEqual([
      { name: "Book_id_seq", value: "3" },
      { name: 'a"); DROP TABLE "Book"; --', value: "5" },
      { name: "it's", value: "6" },
    ]);

    await run("rm -f");
    expect(await shell("ls", backup)).not.toMatch(/identity|Book\.|sequences\.json/);
  },
);

function choose(mode: EncryptionChoice["mode"], recipient: string): EncryptionChoice {
  if (mode === "passphrase") return { mode, passphrase: PASSPHRASE };
  return mode === "recipients" ? { mode, recipients: [recipient] } : { mode };
}
