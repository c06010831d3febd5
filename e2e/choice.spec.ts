import { canOpenByHand, readArchive } from "./support/archive.ts";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import {
  chooseEncryption,
  downloadBackup,
  expectRestored,
  PANEL,
  prepareRestore,
  startRestore,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("backs up and brings back a choice of tables, and leaves the others alone", async ({
  page,
  folder,
}) => {
  const before = await dumpDatabase();
  await page.goto(`${PANEL}/create`);
  await page.getByRole("button", { name: "Choose tables" }).click();
  await page.getByRole("checkbox", { name: "Select all tables" }).click();
  await page.getByRole("searchbox", { name: "Find a table" }).fill("review");
  await page.getByRole("checkbox", { name: "public.reviews" }).click();
  await expect(page.getByText(/^1 of \d+ tables chosen$/)).toBeVisible();
  await expect(page.getByText("public.reviews refers to public.products")).toBeVisible();
  await chooseEncryption(page, { mode: "none" });
  const file = await downloadBackup(page, folder);
  if (canOpenByHand()) {
    expect(await readArchive(file, folder)).toEqual(new Map([["public.reviews", 750]]));
  }

  await query("DELETE FROM reviews WHERE rating < 4");
  await prepareRestore(page, file);
  await expect(page.getByText("1 of 25 tables").first()).toBeVisible();
  await expect(page.getByRole("list", { name: "Tables" }).getByRole("listitem")).toHaveCount(1);
  await startRestore(page);
  await expectRestored(page);
  await expectDatabase(before);
});
