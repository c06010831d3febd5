/** Backups written by `@vorlefan/prisma-backup`, and folders, in the panel. */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../scripts/run.ts";
import { discard, makeBackup } from "./support/api.ts";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import { dropOn, unpack } from "./support/drop.ts";
import { databaseUrl } from "./support/environment.ts";
import { writeOriginalBackup } from "./support/original.ts";
import {
  chooseFile,
  confirmRestore,
  expectReady,
  expectRestored,
  holdUpload,
  makeAMess,
  OPERATION,
  PANEL,
  startRestore,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const SAMPLE = path.join(
  ROOT,
  "lib/archive/original/fixtures/encrypted-zipped/encrypted-zipped.zip",
);
const SAMPLE_PASSWORD = "a-very-strong-password";

test("recognises the original's zip, asks for its password, and says why it does not fit here", async ({
  page,
  browserConsole,
}) => {
  const before = await dumpDatabase();
  browserConsole.expectStatus(422);
  await chooseFile(page, SAMPLE);
  await expect(
    page.getByText(
      "A backup of 16 tables written by @vorlefan/prisma-backup, encrypted with a password.",
    ),
  ).toBeVisible();
  await expect(page.getByText("Its integrity cannot be checked.")).toBeVisible();

  const password = page.getByLabel("Password", { exact: true });
  const begin = page.getByRole("button", { name: "Upload and check" });
  await expect(begin).toBeDisabled();
  await password.fill("not-the-password");
  await begin.click();
  await expect(page.getByRole("alert").filter({ hasText: "WRONG_PASSPHRASE" })).toBeVisible();
  await expect(password).toBeFocused();
  // It can be corrected without another upload.
  await password.fill(SAMPLE_PASSWORD);
  await page.getByRole("button", { name: "Check backup" }).click();

  await expect(page).toHaveURL(OPERATION);
  const refusal = page.getByRole("alert").filter({ hasText: "cannot be restored here" });
  await expect(refusal).toContainText("Nothing was changed.");
  // The shop does not have the sample's tables.
  await expect(refusal).toContainText("listed under Differences");
  const drift = page.getByRole("list", { name: "Differences" });
  await drift.getByText("Show all 14").click();
  for (const table of ["Blob", "Measure", "Membership"]) await expect(drift).toContainText(table);
  await expect(page.getByRole("button", { name: "Restore", exact: true })).toHaveCount(0);
  await expect(page.getByText("was written by @vorlefan/prisma-backup")).toBeVisible();
  await expect(page.getByRole("main")).not.toContainText(/checksum\w* .* right/);
  await page.getByRole("button", { name: "Discard" }).last().click();
  await page.getByRole("button", { name: "Yes, discard it" }).click();
  await expect(page.getByText("Cancelled", { exact: true })).toBeVisible();
  await expectDatabase(before);
});

/** Changes the shop as the original does when it writes: no microseconds, and SQL NULL instead of JSON null. */
const LOSE = `DO $$
  DECLARE it record;
  BEGIN
    FOR it IN
      SELECT format('%I.%I', table_schema, table_name) AS name, quote_ident(column_name) AS col, data_type
      FROM information_schema.columns
      WHERE table_schema IN ('public', 'warehouse') AND table_name <> '_prisma_migrations'
        AND (data_type = 'timestamp with time zone' OR data_type = 'jsonb' AND is_nullable = 'YES')
    LOOP
      EXECUTE format(
        CASE it.data_type
          WHEN 'jsonb' THEN 'UPDATE %1$s SET %2$s = NULL WHERE %2$s = $1::jsonb'
          ELSE 'UPDATE %1$s SET %2$s = date_trunc($2, %2$s) WHERE %2$s <> date_trunc($2, %2$s)'
        END, it.name, it.col) USING 'null', 'milliseconds';
    END LOOP;
  END $$`;

for (const password of [undefined, "correct horse"]) {
  const kind = password === undefined ? "plain" : "encrypted";
  test(`brings everything back from the original's folder, ${kind}`, async ({ page, folder }) => {
    await query(`UPDATE orders SET placed_at = '2026-03-01 08:30:00.123456Z' WHERE id = 7;
      UPDATE customers SET preferences = 'null' WHERE name < 'B'`);
    const nightly = path.join(folder, "nightly");
    const tables = await writeOriginalBackup({
      folder: nightly,
      databaseUrl: databaseUrl(),
      password,
    });
    await writeFile(path.join(nightly, "nightly.zip"), "an older one");
    // After the restore, only what these files have lost is missing.
    await query(LOSE);
    const expected = await dumpDatabase();
    await makeAMess(page);

    const release = await holdUpload(page);
    await page.goto(`${PANEL}/restore`);
    await dropOn(page, "Choose a backup", [nightly]);
    await expect(page.getByRole("heading", { name: "nightly.zip" })).toBeVisible();
    await expect(page.getByText(`A backup of ${tables.length} tables written by`)).toBeVisible();
    await expect(page.getByText("of the folder nightly, without 1 other file")).toBeVisible();
    release();
    if (password !== undefined) {
      await page.getByLabel("Password", { exact: true }).fill(password);
      await page.getByRole("button", { name: "Upload and check" }).click();
    }
    await expectReady(page);
    const main = page.getByRole("main");
    await expect(main).toContainText("was written by @vorlefan/prisma-backup");
    await expect(main).toContainText("The integrity of this backup cannot be checked");
    await expect(main).not.toContainText(/checksum\w* .* right/);
    await page.getByText("About the backup").click();
    await expect(page.getByRole("region", { name: "The backup", exact: true })).not.toContainText(
      /null|undefined|Sequences/,
    );
    const warnings = page.getByRole("list", { name: "Warnings" });
    await expect(warnings).toContainText(/milliseconds/);
    await expect(warnings).toContainText("public.customers (preferences)");
    await startRestore(page);
    await expectRestored(page);
    await expect(page.getByText("Data that the files did not contain is not back.")).toBeVisible();
    await expectDatabase(expected);
  });
}

test("takes a backup of ours that was unpacked, dropped or chosen as a folder", async ({
  page,
  folder,
}) => {
  const file = await makeBackup(page.request, folder);
  const before = await dumpDatabase();
  const unpacked = path.join(folder, "backups", "shop");
  await unpack(await readFile(file), unpacked);
  // macOS leaves such a file there.
  await writeFile(path.join(unpacked, ".DS_Store"), "x");
  await query("DELETE FROM reviews WHERE rating < 3");

  await page.goto(`${PANEL}/restore`);
  await page.getByLabel("Backup folder").setInputFiles(path.dirname(unpacked));
  await expectReady(page);
  await expect(page.getByText("shop.zip", { exact: true })).toBeVisible();
  // The page begins it by itself, and would ask for that in vain if the restore was discarded.
  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();
  await discard(page.request, OPERATION.exec(page.url())?.[1] ?? "");

  await page.goto(`${PANEL}/restore`);
  await dropOn(page, "Choose a backup", [unpacked]);
  await confirmRestore(page);
  await expectRestored(page);
  await expectDatabase(before);
});

test("says what to do with one file of a folder, with several backups, with another folder", async ({
  page,
  folder,
}) => {
  const several = path.join(folder, "several");
  const photos = path.join(folder, "photos");
  for (const name of ["several/one/A.json", "several/other/A.json", "photos/cat.jpg"]) {
    await mkdir(path.dirname(path.join(folder, name)), { recursive: true });
    await writeFile(path.join(folder, name), "[]");
  }
  const app = path.join(folder, "app");
  await mkdir(app);
  await writeFile(path.join(app, "package.json"), "{}");
  for (const [file, message] of [
    [path.join(several, "one/A.json"), "This is only one file of a backup."],
    [several, "This folder holds several files or folders."],
    [photos, "There is no backup in this folder."],
    [app, "There is no backup in this folder."],
  ] as const) {
    await page.goto(`${PANEL}/restore`);
    await dropOn(page, "Choose a backup", [file]);
    const alert = page.getByRole("alert").filter({ hasText: message });
    await expect(alert).toContainText("Nothing was uploaded.");
  }
});
