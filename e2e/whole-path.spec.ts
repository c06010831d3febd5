/** Download, mess, upload, everything back: in each mode, checked with other tools than our own. */
import type { Page } from "@playwright/test";
import type { EncryptionChoice, Unlock } from "../lib/shared/api.ts";
import {
  canOpenByHand,
  generateIdentity,
  readArchive,
  readManifest,
  unlockKey,
} from "./support/archive.ts";
import { countRows, dumpDatabase, expectDatabase, holdBackup } from "./support/database.ts";
import {
  chooseEncryption,
  chooseFile,
  expectRehearsed,
  expectRestored,
  makeAMess,
  openChosen,
  PANEL,
  readShop,
  rowOf,
  startRestore,
  tableProgress,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "five orange lamps hum softly";

for (const mode of ["passphrase", "recipients", "none"] as const) {
  test(`brings everything back from a backup in mode ${mode}`, async ({ page, folder }) => {
    test.skip(mode === "recipients" && !canOpenByHand(), "age-keygen makes its keys");
    const { encryption, unlock } = await secretsFor(mode, folder);
    const before = await dumpDatabase();
    const shopBefore = await readShop(page);

    // The backup, held shortly before its end.
    await page.goto(`${PANEL}/create`);
    await chooseEncryption(page, encryption);
    await using hold = await holdBackup();
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const download = await downloading;
    await expect(tableProgress(page, "public.orders")).toContainText("Done: 2,000 rows");
    await expect(page.getByText("Downloading", { exact: true })).toBeVisible();
    await hold.release();
    const file = `${folder}/${download.suggestedFilename()}`;
    await download.saveAs(file);
    await expect(page.getByText("The backup is complete.", { exact: true })).toBeVisible();
    await expect(rowOf(page.getByRole("table").getByRole("row"), "public.orders")).toContainText(
      "2,000",
    );

    if (canOpenByHand()) await expectOpensByHand(file, mode, folder);

    await makeAMess(page);
    expect(await readShop(page)).not.toEqual(shopBefore);

    await chooseFile(page, file);
    if (mode !== "none") await expectRefusal(page, mode, folder);
    await openChosen(page, unlock);
    await expectRehearsed(page);
    await page.getByText(/^\d+ checks passed$/).click();
    const checks = page.getByRole("list", { name: "Passed checks" }).getByRole("listitem");
    await expect(checks.first()).toContainText("Passed");
    await expect(page.getByRole("listitem").filter({ hasText: "Failed" })).toHaveCount(0);
    // The rows that the mess deleted are shown before the confirmation.
    await page.getByText(/^\d+ tables that change$/).click();
    const tables = page.getByRole("list", { name: "Tables", exact: true }).getByRole("listitem");
    await expect(rowOf(tables, "public.orders")).toContainText("666 come back");

    const restore = page.getByRole("button", { name: "Restore", exact: true });
    await page.getByLabel("Database name").fill("shops");
    await expect(restore).toBeDisabled();
    await startRestore(page);
    await expectRestored(page);
    await expect(rowOf(page.getByRole("table").getByRole("row"), "public.orders")).toContainText(
      "2,000",
    );

    await expectDatabase(before);
    expect(await readShop(page)).toEqual(shopBefore);
  });
}

async function secretsFor(
  mode: EncryptionChoice["mode"],
  folder: string,
): Promise<{ encryption: EncryptionChoice; unlock: Unlock }> {
  switch (mode) {
    case "passphrase":
      return {
        encryption: { mode, passphrase: PASSPHRASE },
        unlock: { passphrase: PASSPHRASE },
      };
    case "recipients": {
      const { recipient, identity } = await generateIdentity(folder);
      return { encryption: { mode, recipients: [recipient] }, unlock: { identity } };
    }
    case "none":
      return { encryption: { mode }, unlock: {} };
  }
}

/** Reads the file with unzip, age, zstd and jq: its tables have as many rows as those of the database. */
async function expectOpensByHand(file: string, mode: string, folder: string) {
  if (mode === "passphrase") await unlockKey(file, PASSPHRASE, folder);
  const rows = await readArchive(file, folder);
  const manifest = await readManifest(file, folder);
  expect(manifest).toMatchObject({ encryption: mode, database: { name: "shop" } });
  expect(new Map(manifest.tables.map((it) => [`${it.schema}.${it.name}`, it.rows]))).toEqual(rows);
  expect(rows.size).toBeGreaterThan(20);
  expect(rows).toEqual(await countRows([...rows.keys()]));
}

/** A wrong passphrase or private key is reported clearly before any upload, and can be corrected. */
async function expectRefusal(page: Page, mode: "passphrase" | "recipients", folder: string) {
  if (mode === "passphrase") {
    await openChosen(page, { passphrase: `${PASSPHRASE}!` });
    await expect(page.getByRole("alert").filter({ hasText: "Wrong passphrase." })).toBeVisible();
    await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  } else {
    const { identity } = await generateIdentity(folder, "stranger.txt");
    await openChosen(page, { identity });
    await expect(page.getByRole("alert").filter({ hasText: "Wrong private key." })).toBeVisible();
  }
  await expect(page).toHaveURL(`${PANEL}/restore/inside`);
}
