/** Runs the command line tool on backups that the original add-on wrote. */
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { describe, expect, test } from "vitest";
import { temporaryPath, testDatabase } from "../testing/backups.ts";
import { pgDumpText, requireTool } from "../testing/database.ts";
import { fixture } from "../testing/original-backups.ts";
import { restoredSql, SCHEMA_SQL } from "../testing/original-source.ts";

const MAIN = fileURLToPath(new URL("./main.ts", import.meta.url));

async function cli(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return promisify(execFile)(process.execPath, [MAIN, ...args]).then(
    (output) => ({ code: 0, ...output }),
    ({ code, stdout, stderr }) => ({ code, stdout, stderr }),
  );
}

/** Makes a file with the samples' password, or another one. */
async function passwordFile(password = "a-very-strong-password"): Promise<string> {
  const file = join(dirname(await temporaryPath()), "password");
  await writeFile(file, `${password}\n`);
  return file;
}

const SAMPLES = [
  { path: "plain", isEncrypted: false },
  { path: "encrypted", isEncrypted: true },
  { path: "zipped", isEncrypted: false },
  { path: "zipped/zipped.zip", isEncrypted: false },
  { path: "encrypted-zipped", isEncrypted: true },
  { path: "encrypted-zipped/encrypted-zipped.zip", isEncrypted: true },
  { path: "offset", isEncrypted: false },
  { path: "bigint-tojson-shim", isEncrypted: false },
];

describe("inspect, verify and restore take every sample", () => {
  test.for(SAMPLES)("$path", async ({ path, isEncrypted }) => {
    const { db } = await testDatabase({ sql: SCHEMA_SQL });
    const key = isEncrypted ? ["--passphrase-file", await passwordFile()] : [];
    const file = fixture(path);

    const inspected = await cli("inspect", file, ...key);
    expect(inspected).toMatchObject({ code: 0, stderr: "" });
    expect(inspected.stdout).toContain("by @vorlefan/prisma-backup");
    expect(inspected.stdout).toMatch(/holds +16 tables, \d+ rows\n/);
    const { manifest } = JSON.parse((await cli("inspect", file, ...key, "--json")).stdout);
    expect(manifest).toMatchObject({
      formatVersion: null,
      createdAt: null,
      database: null,
      encryption: isEncrypted ? "passphrase" : "none",
      sequences: 0,
    });

    const verified = await cli("verify", file, ...key);
    expect(verified.code).toBe(0);
    expect(verified.stdout).toContain("every row can be read");
    expect(verified.stderr).toMatch(/^warning: The integrity of this backup cannot be checked/);

    const restored = await cli("restore", file, "--url", db.url, ...key, "--yes");
    expect(restored.code, restored.stderr).toBe(0);
    expect(restored.stdout).toContain(`${file} restored: 15 tables`);
    // These warnings come before the restore begins.
    expect(restored.stderr).toMatch(/warning: .*milliseconds/);
    expect(restored.stderr).toMatch(/warning: JSON null and SQL NULL/);
    expect(restored.stderr).toMatch(/left as it is: public\._prisma_migrations\.[^\n]*\n$/);
    for (const { stdout, stderr } of [inspected, verified, restored])
      expect(stdout + stderr).not.toMatch(/undefined|every checksum/i);
    expect(inspected.stdout).not.toContain("null");
  });
});

test.skipIf(!requireTool("pg_dump"))(
  "what is restored is what pg_dump wrote of the source, but for what the files have lost",
  async () => {
    const { db } = await testDatabase({ sql: SCHEMA_SQL });
    const { db: source } = await testDatabase({ sql: await restoredSql() });
    await cli("restore", fixture("plain"), "--url", db.url, "--yes");
    expect(await pgDumpText(db.url)).toBe(await pgDumpText(source.url));
  },
);

test("without --yes it says what the files have lost, and changes nothing", async () => {
  const { db } = await testDatabase({ sql: SCHEMA_SQL });
  const before = await pgDumpText(db.url);
  const checked = await cli("restore", fixture("offset"), "--url", db.url);
  expect(checked).toMatchObject({ code: 2, stdout: "" });
  expect(checked.stderr).toMatch(/warning: If .*option offset.*skipped a row/);
  expect(checked.stderr).toMatch(/would replace every row of 15 tables: add --yes to do it\.\n$/);
  expect(await pgDumpText(db.url)).toBe(before);
});

test("a wrong password, or none, is WRONG_PASSPHRASE with the option to use; nothing has changed", async () => {
  const { db } = await testDatabase({ sql: SCHEMA_SQL });
  const before = await pgDumpText(db.url);
  const wrong = ["--passphrase-file", await passwordFile("not-the-password")];
  for (const path of ["encrypted", "encrypted-zipped/encrypted-zipped.zip", "0.3.5-encrypted"]) {
    const file = fixture(path);
    for (const args of [
      ["inspect", file, ...wrong],
      ["verify", file, ...wrong],
      ["verify", file],
      ["restore", file, "--url", db.url, "--yes", ...wrong],
      ["restore", file, "--url", db.url, "--yes"],
    ]) {
      const { code, stdout, stderr } = await cli(...args);
      expect({ code, stdout }, args.join(" ")).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^error\[WRONG_PASSPHRASE\]: /);
      expect(stderr).toContain("--passphrase-file FILE");
    }
  }
  expect(await pgDumpText(db.url)).toBe(before);
});
