import { type ChildProcess, type StdioOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { generateHybridIdentity, identityToRecipient } from "age-encryption";
import pg from "pg";
import { describe, expect, test } from "vitest";
import { ROOT } from "../../scripts/run.ts";
import { leftSessions, temporaryPath, testDatabase } from "../testing/backups.ts";
import { pgDumpOnce, pgDumpText, requireTool, type TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

const PIPES: StdioOptions = ["ignore", "pipe", "pipe"];

function start(args: string[]): ChildProcess {
  return spawn(process.execPath, [MAIN, ...args], { stdio: PIPES });
}

/** Runs the command line tool until it exits. Its output goes to pipes. */
async function cli(...args: string[]) {
  return ended(start(args));
}

async function ended(child: ChildProcess) {
  if (!child.stdout || !child.stderr) throw new Error("no pipes");
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "exit"),
  ]);
  return { code, stdout, stderr };
}

const SQL = `
  CREATE TABLE author (id serial PRIMARY KEY, name text);
  CREATE TABLE book (id int PRIMARY KEY, author_id int NOT NULL CONSTRAINT book_author REFERENCES author ON DELETE CASCADE, next int REFERENCES book);
  CREATE TABLE log (line text);
  INSERT INTO author (name) VALUES ('Ada'), ('Grace'); INSERT INTO book VALUES (1, 1, NULL), (2, 2, 1)`;

/** Makes a database and a folder with a passphrase file. */
async function scene() {
  const { db } = await testDatabase({ sql: SQL, copied: true });
  const file = await temporaryPath();
  const folder = dirname(file);
  const passphraseFile = join(folder, "passphrase");
  await writeFile(passphraseFile, "correct horse\n");
  const create = (...args: string[]) => cli("create", "--url", db.url, "--out", file, ...args);
  return { db, file, folder, passphraseFile, create };
}

const session = (db: TestDatabase, purpose: string) => async () =>
  (
    await db.query(
      "SELECT FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 AND wait_event_type = 'Lock'",
      [`prisma-backup-admin ${purpose}`],
    )
  ).length > 0;

test("create, inspect, verify, restore: the database is as it was", async () => {
  const { db, file, passphraseFile, create } = await scene();
  const before = await pgDumpOnce(SQL, db.url);
  const key = ["--passphrase-file", passphraseFile];

  const created = await create(...key);
  expect(created).toMatchObject({ code: 0, stderr: "" });
  expect(created.stdout).toMatch(/3 tables, 4 rows, .* in .* s\n$/);
  expect((await stat(file)).mode & 0o777).toBe(0o600);

  const locked = await cli("inspect", file);
  expect(locked).toMatchObject({ code: 0, stderr: "" });
  expect(locked.stdout).toContain("Give --passphrase-file to see more.");
  expect((await cli("inspect", file, ...key)).stdout).toContain("3 tables, 4 rows, 1 sequence");

  expect(await cli("verify", file, ...key)).toMatchObject({
    code: 0,
    stderr: "",
    stdout: `${file}: 3 tables, 4 rows, every checksum is right\n`,
  });

  await db.query("DELETE FROM author; INSERT INTO log VALUES ('gone')");
  const restored = await cli("restore", file, "--url", db.url, ...key, "--yes");
  expect(restored).toMatchObject({ code: 0, stderr: "" });
  expect(restored.stdout).toMatch(/restored: 3 tables, 4 rows, 1 sequence in .* s\n$/);
  expect(await pgDumpText(db.url)).toBe(before);
});

test("a rehearsal says what a restore would do, and changes nothing", async () => {
  const { db, file, create } = await scene();
  await create("--no-encryption");
  await db.query("DELETE FROM book WHERE id = 2; UPDATE author SET name = 'x' WHERE id = 1");
  const before = await pgDumpText(db.url);
  const rehearse = (...args: string[]) =>
    cli("restore", file, "--url", db.url, "--rehearse", ...args);
  const fine = await rehearse();
  expect(fine).toMatchObject({ code: 0, stderr: "" });
  const columns = fine.stdout.split("\n").map((line) => line.split(/ {2,}/));
  expect(columns.slice(0, 4)).toEqual([
    ["", "now", "in backup", "added", "removed", "changed", "same"],
    ["public.author", "2", "2", "0", "0", "1", "1"],
    ["public.log", "0", "0", "0", "0", "0", "0"],
    ["public.book", "1", "2", "1", "0", "0", "1"],
  ]);
  expect(fine.stdout).toMatch(
    /The restore would succeed: 3 tables, 4 rows\. The trial run took .* s\. Nothing was changed\.\n$/,
  );
  expect(await pgDumpText(db.url)).toBe(before);

  await db.query("ALTER TABLE book ADD CONSTRAINT early CHECK (id < 2); ALTER TABLE log ADD n int");
  const failing = await rehearse();
  expect(failing).toMatchObject({ code: 1, stderr: "" });
  expect(failing.stdout).toContain(
    "✗ 1 row of public.book does not fulfil a check (constraint early, column id).\n    id = 2\n",
  );
  expect(failing.stdout).toContain("drift: The column n of public.log is not in the backup");
  const json = await rehearse("--json");
  expect(json.code).toBe(1);
  expect(JSON.parse(json.stdout)).toMatchObject({
    wouldSucceed: false,
    violations: [{ constraint: "early", total: 1, rows: [{ key: ["2"], values: ["2"] }] }],
    tables: [
      { samples: [{ before: ["1", "x"], after: ["1", "Ada"], changedColumns: ["name"] }] },
      {},
      {},
    ],
  });
  await db.query("DROP TABLE log");
  expect(await rehearse()).toMatchObject({
    code: 1,
    stdout: expect.stringMatching(/^✗ \[SCHEMA_DRIFT\] .*public\.log.*\n {2}Make the table again/),
  });
  expect(await rehearse("--yes")).toMatchObject({ code: 2 });
  expect(await cli("restore", file, "--url", db.url, "--json")).toMatchObject({ code: 2 });
});

test("some tables, merged: rehearsed, told, and done", async () => {
  const { db, file, create } = await scene();
  await create("--no-encryption");
  await db.query("DELETE FROM book WHERE id = 2; UPDATE author SET name = 'x' WHERE id = 1");
  const run = (...args: string[]) =>
    cli(
      "restore",
      file,
      "--url",
      db.url,
      "--table",
      "public.author",
      "--table",
      "public.book",
      ...args,
    );
  const rehearsal = await run("--mode", "keep-existing", "--rehearse");
  expect(rehearsal).toMatchObject({ code: 0, stderr: "" });
  expect(
    rehearsal.stdout
      .split("\n")
      .map((line) => line.split(/ {2,}/))
      .slice(1, 3),
  ).toEqual([
    ["public.author", "2", "2", "0", "0", "0", "2"],
    ["public.book", "1", "2", "1", "0", "0", "1"],
  ]);
  const before = await pgDumpText(db.url);
  const checked = await run("--mode", "overwrite");
  expect(checked.code).toBe(2);
  expect(checked.stderr).toContain("add rows to 2 tables, and overwrite those with the same key");
  expect(await run("--mode", "if-empty", "--yes")).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/error\[TABLE_NOT_EMPTY\].*public\.author, public\.book/),
  });
  expect(await run("--mode", "merge")).toMatchObject({ code: 2 });
  expect(await cli("restore", file, "--url", db.url, "--table", "public.nope")).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("error[REQUEST_INVALID]: The backup has no table public.nope."),
  });
  expect(await pgDumpText(db.url)).toBe(before);

  const kept = await run("--mode", "keep-existing", "--yes");
  expect(kept.stdout).toMatch(
    /restored: 2 tables, 4 rows of which 1 was not there before, 1 sequence in .* s\n$/,
  );
  expect(kept).toMatchObject({ code: 0, stderr: expect.not.stringContaining("left as it is") });
  expect(await db.query("SELECT name FROM author WHERE id = 1")).toEqual([{ name: "x" }]);
  expect(await db.query("SELECT count(*)::int FROM book")).toEqual([{ count: 2 }]);
  expect(await run("--mode", "overwrite", "--yes")).toMatchObject({ code: 0 });
  expect(await db.query("SELECT name FROM author WHERE id = 1")).toEqual([{ name: "Ada" }]);
});

test("a restore without --yes checks, says what it would do, and does nothing", async () => {
  const { db, file, create } = await scene();
  await create("--no-encryption");
  await db.query("DELETE FROM author");
  const before = await pgDumpText(db.url);
  const checked = await cli("restore", file, "--url", db.url);
  expect(checked).toMatchObject({ code: 2, stdout: "" });
  expect(checked.stderr).toContain("warning: The backup is not encrypted.");
  expect(checked.stderr).toContain(
    "Nothing was changed. The restore would replace every row of 3 tables",
  );
  await db.query("DROP TABLE log");
  const refused = await cli("restore", file, "--url", db.url);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  expect(refused.stderr).toMatch(/cannot be restored here\. Nothing was changed\.\n.*public\.log/);
  await db.query("CREATE TABLE log (line text)");
  expect(await pgDumpText(db.url)).toBe(before);
});

test("an extension's type and an enum in another schema: a warning, and restored", async () => {
  const { db } = await testDatabase({
    sql: `CREATE SCHEMA ext; CREATE EXTENSION citext SCHEMA ext; CREATE TYPE mood AS ENUM ('sad', 'ok');
      CREATE TABLE person (id integer PRIMARY KEY, mail ext.citext, mails ext.citext[], m mood);
      INSERT INTO person VALUES (1, 'A@x', '{B@x}', 'ok')`,
  });
  const file = await temporaryPath();
  await cli("create", "--url", db.url, "--out", file, "--no-encryption");
  const restore = (...args: string[]) => cli("restore", file, "--url", db.url, ...args);
  for (const move of [
    "ALTER EXTENSION citext SET SCHEMA public",
    "ALTER TYPE mood SET SCHEMA ext",
    "ALTER EXTENSION citext SET SCHEMA ext",
  ]) {
    await db.query(`${move}; DELETE FROM person`);
    expect(await restore()).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/warning: The column .* the same type in another schema/),
    });
    expect(await restore("--rehearse")).toMatchObject({ code: 0 });
    expect(await restore("--yes")).toMatchObject({ code: 0 });
    expect(await db.query("SELECT id, mail::text, mails::text, m::text FROM person")).toEqual([
      { id: 1, mail: "A@x", mails: "{B@x}", m: "ok" },
    ]);
  }
});

test("chosen tables", async () => {
  const { file, create } = await scene();
  expect(
    (
      await create(
        "--no-encryption",
        "--table",
        "public.book",
        "--table",
        "public.log",
        "--exclude",
        '"public"."log"',
      )
    ).code,
  ).toBe(0);
  const { manifest } = JSON.parse((await cli("inspect", file, "--json")).stdout);
  expect(manifest.tables.map(({ name }: { name: string }) => name)).toEqual(["book"]);
});

test("order --json and inspect --json have their documented shapes", async () => {
  const { db, file, create } = await scene();
  const order = await cli("order", "--url", db.url, "--json");
  expect(order).toMatchObject({ code: 0, stderr: "" });
  expect({ ...JSON.parse(order.stdout), database: "DATABASE" }).toMatchInlineSnapshot(`
    {
      "components": [
        {
          "cyclic": false,
          "level": 0,
          "tables": [
            {
              "name": "author",
              "schema": "public",
            },
          ],
        },
        {
          "cyclic": false,
          "level": 0,
          "tables": [
            {
              "name": "log",
              "schema": "public",
            },
          ],
        },
        {
          "cyclic": false,
          "level": 1,
          "tables": [
            {
              "name": "book",
              "schema": "public",
            },
          ],
        },
      ],
      "database": "DATABASE",
      "edges": [
        {
          "columns": [
            "author_id",
          ],
          "constraint": "book_author",
          "from": {
            "name": "book",
            "schema": "public",
          },
          "onDelete": "CASCADE",
          "referencedColumns": [
            "id",
          ],
          "relation": null,
          "role": "orders",
          "to": {
            "name": "author",
            "schema": "public",
          },
        },
        {
          "columns": [
            "next",
          ],
          "constraint": "book_next_fkey",
          "from": {
            "name": "book",
            "schema": "public",
          },
          "onDelete": "NO ACTION",
          "referencedColumns": [
            "id",
          ],
          "relation": null,
          "role": "self",
          "to": {
            "name": "book",
            "schema": "public",
          },
        },
      ],
    }
  `);
  await create("--no-encryption");
  const inspection = JSON.parse((await cli("inspect", file, "--json")).stdout);
  expect({
    ...inspection,
    file: "FILE",
    sizeBytes: typeof inspection.sizeBytes,
    manifest: {
      ...inspection.manifest,
      createdAt:
        new Date(inspection.manifest.createdAt).toISOString() === inspection.manifest.createdAt,
      tool: /^prisma-backup-admin\/\d/.test(inspection.manifest.tool),
      database: Object.keys(inspection.manifest.database),
    },
  }).toMatchInlineSnapshot(`
    {
      "encryption": "none",
      "file": "FILE",
      "manifest": {
        "createdAt": true,
        "database": [
          "name",
          "serverVersion",
        ],
        "encryption": "none",
        "formatVersion": 1,
        "migrations": [],
        "sequences": 1,
        "tables": [
          {
            "jsonBytes": 50,
            "model": null,
            "name": "author",
            "rows": 2,
            "schema": "public",
          },
          {
            "jsonBytes": 4,
            "model": null,
            "name": "log",
            "rows": 0,
            "schema": "public",
          },
          {
            "jsonBytes": 71,
            "model": null,
            "name": "book",
            "rows": 2,
            "schema": "public",
          },
        ],
        "tablesInDatabase": 3,
        "tool": true,
        "warnings": [],
      },
      "sizeBytes": "number",
    }
  `);
});

test("order as text names each reason", async () => {
  const { db } = await scene();
  const { stdout } = await cli("order", "--url", db.url);
  expect(stdout).toBe(
    [
      "1. public.author",
      "2. public.log",
      "3. public.book",
      "     after public.author (author_id → id, ON DELETE CASCADE, book_author)",
      "     refers to itself (next → id, ON DELETE NO ACTION, book_next_fkey)",
      "",
    ].join("\n"),
  );
});

test("a command goes on when nobody reads its output any more, and says nothing of it", async () => {
  const { db, file } = await scene();
  const child = start(["create", "--url", db.url, "--out", file, "--no-encryption"]);
  // Close the pipe long before the first write, as `| head` does when it has ended.
  child.stdout?.destroy();
  const [stderr, [code]] = await Promise.all([
    child.stderr ? text(child.stderr) : "",
    once(child, "exit"),
  ]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(await cli("verify", file)).toMatchObject({ code: 0 });
});

describe("wrong usage is exit code 2, explains itself on stderr and does nothing", () => {
  test.for([
    ["no command", []],
    ["an unknown command", ["nope"]],
    ["a name of Object.prototype", ["constructor"]],
    ["an unknown option", ["order", "--url", "x", "--nope"]],
    ["no URL", ["create", "--out", "x", "--no-encryption"]],
    ["no choice of encryption", ["create", "--url", "x", "--out", "x"]],
    [
      "two choices of encryption",
      ["create", "--url", "x", "--out", "x", "--no-encryption", "--recipient", "age1"],
    ],
    [
      "a table without its schema",
      ["create", "--url", "x", "--out", "x", "--no-encryption", "--table", "t"],
    ],
    ["no file", ["verify"]],
    ["two files", ["verify", "a", "b"]],
    ["two keys", ["verify", "a", "--passphrase-file", "p", "--identity-file", "i"]],
    ["a restore without a URL", ["restore", "a", "--yes"]],
  ] as const)("%s", async ([, args]) => {
    const { code, stdout, stderr } = await cli(...args);
    expect(code).toBe(2);
    if (args.length === 0) expect(stdout).toContain("Usage: prisma-backup COMMAND");
    else {
      expect(stdout).toBe("");
      // The error stays visible, because only the usage of one command follows, not that of all.
      expect(stderr).toMatch(/^.+\n\nUsage: prisma-backup .+\n(?: {10}.+\n)*More: .+ --help\n$/);
      expect(stderr.split("\n").length).toBeLessThan(10);
    }
  });

  test("asked for, the usage is exit code 0 on stdout", async () => {
    expect(await cli("--help")).toMatchObject({ code: 0, stderr: "" });
    expect(await cli("restore", "--help")).toMatchObject({ code: 0, stderr: "" });
  });
});

describe("a failure is exit code 1, says its code and hint on stderr, and leaves no file", () => {
  test("a file that exists is never overwritten", async () => {
    const { file, folder, create } = await scene();
    await writeFile(file, "precious");
    expect(await create("--no-encryption")).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(
        /^error\[REQUEST_INVALID\]: .* exists already\. No backup was made\.\nhint: /,
      ),
    });
    expect((await stat(file)).size).toBe(8);
    expect(await readdir(folder)).toEqual(["backup.zip", "passphrase"]);
  });

  test("a folder is no file, whether it is there or not, and a folder that is not there is named", async () => {
    const { db, folder } = await scene();
    const create = (out: string) => cli("create", "--url", db.url, "--out", out, "--no-encryption");
    for (const out of [`${folder}/`, folder, `${folder}/new/`]) {
      expect(await create(out)).toMatchObject({
        code: 1,
        stderr: `error[REQUEST_INVALID]: ${out} names a folder, and a backup is one file. No backup was made.\nhint: Name the file as well, such as ${join(out, "backup.zip")}.\n`,
      });
    }
    const { stderr } = await create(`${folder}/new/backup.zip`);
    expect(stderr).toContain(
      `${folder}/new/backup.zip cannot be written: there is no folder ${folder}/new. No backup was made.`,
    );
    expect(await readdir(folder)).toEqual(["passphrase"]);
  });

  test("another run's partial file is left alone, and named", async () => {
    const { file, create } = await scene();
    await writeFile(`${file}.partial`, "another run's");
    const { code, stderr } = await create("--no-encryption");
    expect(code).toBe(1);
    expect(stderr).toContain(`${file}.partial`);
    expect((await stat(`${file}.partial`)).size).toBe(13);
  });

  test("a process that cannot convert rows, in the middle of a backup and of a restore", async () => {
    const { db, file, folder, create } = await scene();
    // Use the built files, because without WebAssembly Node cannot strip the types from TypeScript.
    const main = join(ROOT, "dist/lib/cli/main.js");
    const withoutJit = (...args: string[]) =>
      ended(spawn(process.execPath, ["--jitless", main, ...args], { stdio: PIPES }));
    const refused = {
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("error[INTERNAL]: This process has no WebAssembly"),
    };
    const args = ["--url", db.url, "--out", file, "--no-encryption"];
    expect(await withoutJit("create", ...args)).toMatchObject(refused);
    expect(await readdir(folder)).toEqual(["passphrase"]);

    await create("--no-encryption");
    const before = await pgDumpText(db.url);
    expect(await withoutJit("restore", file, "--url", db.url, "--yes")).toMatchObject(refused);
    expect(await pgDumpText(db.url)).toBe(before);
  });

  test("a server that is not there", async () => {
    const { file, folder } = await scene();
    const { code, stderr } = await cli(
      "create",
      "--url",
      "postgresql://u:hidden@127.0.0.1:1/x",
      "--out",
      file,
      "--no-encryption",
    );
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[DATABASE_UNREACHABLE\]: /);
    expect(stderr).not.toContain("hidden");
    expect(await readdir(folder)).toEqual(["passphrase"]);
  });

  test("a connection string that cannot be read", async () => {
    const { file, folder } = await scene();
    const url = "postgresql://u:hidden#1@[oops/x";
    const { code, stderr } = await cli("create", "--url", url, "--out", file, "--no-encryption");
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[CONFIG_INVALID\]: /);
    expect(stderr).not.toContain("hidden");
    expect(await readdir(folder)).toEqual(["passphrase"]);
  });

  test.for([
    ["a table that is not there", ["--no-encryption", "--table", "public.nope"], "REQUEST_INVALID"],
    ["a recipient that is none", ["--recipient", "age1nope"], "RECIPIENT_INVALID"],
    ["a passphrase file that is not there", ["--passphrase-file", "/nowhere/p"], "NOT_FOUND"],
  ] as const)("%s", async ([, args, expected]) => {
    const { folder, create } = await scene();
    const { code, stdout, stderr } = await create(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(new RegExp(`^error\\[${expected}\\]: `));
    expect(await readdir(folder)).toEqual(["passphrase"]);
  });

  test("more recipients than a backup has room for", async () => {
    const { folder, create } = await scene();
    const identities = await Promise.all(Array.from({ length: 43 }, generateHybridIdentity));
    const recipients = await Promise.all(identities.map(identityToRecipient));
    const { code, stderr } = await create(...recipients.flatMap((one) => ["--recipient", one]));
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error\[RECIPIENT_INVALID\]: 43 .* room for the first 42 of them\./);
    expect(await readdir(folder)).toEqual(["passphrase"]);
  });

  test("a wrong passphrase, and a file that is no backup: whatever the command, nothing has changed", async () => {
    const { db, file, folder, passphraseFile, create } = await scene();
    await create("--passphrase-file", passphraseFile);
    await writeFile(join(folder, "wrong"), "wrong horse");
    await writeFile(join(folder, "letter.txt"), "Dear Ada");
    const before = await pgDumpOnce(SQL, db.url);
    const wrong = ["--passphrase-file", join(folder, "wrong")];
    for (const [args, code] of [
      [["inspect", file, ...wrong], "WRONG_PASSPHRASE"],
      [["verify", file, ...wrong], "WRONG_PASSPHRASE"],
      [["verify", file], "WRONG_PASSPHRASE"],
      [["restore", file, "--url", db.url, "--yes", ...wrong], "WRONG_PASSPHRASE"],
      [["inspect", join(folder, "letter.txt")], "ARCHIVE_INVALID"],
      [["restore", join(folder, "letter.txt"), "--url", db.url, "--yes"], "ARCHIVE_INVALID"],
      [["verify", join(folder, "none.zip")], "NOT_FOUND"],
    ] as const) {
      const result = await cli(...args);
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toMatch(new RegExp(`^error\\[${code}\\]: `));
      if (args[0] === "restore") expect(result.stderr).toMatch(/Nothing was changed/);
    }
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

/** Holds a lock on a table, so that a command has to wait in the middle of its work. */
async function lock(db: TestDatabase) {
  const client = new pg.Client(db.url);
  await client.connect();
  await client.query("BEGIN; LOCK TABLE book IN ACCESS EXCLUSIVE MODE");
  return { [Symbol.asyncDispose]: () => client.end() };
}

describe("Ctrl-C", () => {
  test("ends a backup in good order: exit code 1, no file, no session", async () => {
    const { db, file, folder } = await scene();
    await using _ = await lock(db);
    const child = start(["create", "--url", db.url, "--out", file, "--no-encryption"]);
    const end = ended(child);
    await until("it waits", session(db, "backup"));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await end;
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe("error[ABORTED]: Cancelled. Nothing was changed.\n");
    expect(await readdir(folder)).toEqual(["passphrase"]);
    await until("its session is gone", async () => (await leftSessions(db)).length === 0);
  });

  test("ends a restore in good order: exit code 1, nothing changed", async () => {
    const { db, file, create } = await scene();
    await create("--no-encryption");
    await db.query("DELETE FROM book");
    const before = await pgDumpText(db.url);
    let end: ReturnType<typeof ended>;
    {
      await using _ = await lock(db);
      const child = start(["restore", file, "--url", db.url, "--yes"]);
      end = ended(child);
      await until("it waits", session(db, "restore"));
      child.kill("SIGINT");
      await end;
    }
    expect(await end).toMatchObject({ code: 1, stdout: "" });
    expect((await end).stderr).toMatch(/error\[ABORTED\]: .* Nothing was changed\./);
    expect(await pgDumpText(db.url)).toBe(before);
  });
});

test.skipIf(!requireTool("script"))("a terminal gets a progress bar", async () => {
  const { db, file } = await scene();
  const command = [
    process.execPath,
    MAIN,
    "create",
    "--url",
    db.url,
    "--out",
    file,
    "--no-encryption",
  ];
  const child = spawn(
    "script",
    ["-qec", command.map((word) => `'${word}'`).join(" "), "/dev/null"],
    {
      stdio: ["ignore", "pipe", "pipe"],
    },
  );
  const { code, stdout } = await ended(child);
  expect(code).toBe(0);
  expect(stdout).toMatch(/dumping +\[/);
  expect(stdout).toContain("3 tables, 4 rows");
});

describe("a passphrase file", () => {
  const words = "correct horse";

  test("that is not UTF-8 makes no backup: any other bytes without a character would open it", async () => {
    const { file, folder, create } = await scene();
    const path = join(folder, "bytes");
    for (const bytes of [
      Buffer.from("correct h\xf6rse", "latin1"),
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from(words, "utf16le")]),
      Buffer.from(words, "utf16le"),
      Buffer.from(Array.from({ length: 32 }, (_, index) => 0x80 + index)),
    ]) {
      await writeFile(path, bytes);
      const refused = await create("--passphrase-file", path);
      expect(refused).toMatchObject({ code: 1, stdout: "" });
      expect(refused.stderr).toMatch(
        /bytes is not text in UTF-8\. No backup was made\.[\s\S]*base64/,
      );
      expect(await readdir(dirname(file))).not.toContain(file);
    }
  });

  test("with a byte order mark is the words, and what is unusual is said", async () => {
    const { file, folder, passphraseFile, create } = await scene();
    const path = join(folder, "marked");
    await writeFile(path, `\uFEFF${words}\r\n`);
    expect(await create("--passphrase-file", path)).toMatchObject({ code: 0, stderr: "" });
    for (const given of [passphraseFile, path])
      expect(await cli("verify", file, "--passphrase-file", given)).toMatchObject({ code: 0 });
    for (const [content, said] of [
      [`${words} \r\n`, "ends with a blank"],
      ["first\nsecond\n", "more than one line"],
    ] as const) {
      await writeFile(path, content);
      const made = await cli(
        "create",
        "--url",
        "postgresql://localhost:1/x",
        "--out",
        `${file}.2`,
        "--passphrase-file",
        path,
      );
      expect(made.stderr).toContain(said);
    }
  });

  test("an identity in UTF-16 is said to be no UTF-8", async () => {
    const { file, folder, passphraseFile, create } = await scene();
    await create("--passphrase-file", passphraseFile);
    const path = join(folder, "identity");
    await writeFile(
      path,
      Buffer.concat([Buffer.from([0xff, 0xfe]), Buffer.from("AGE-SECRET-KEY-1", "utf16le")]),
    );
    expect(await cli("verify", file, "--identity-file", path)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("is not text in UTF-8"),
    });
  });
});
