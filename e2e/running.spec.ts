/** An operation under way: the same in every tab, cancelled, or left alone. */
import { checkBackup, makeBackup } from "./support/api.ts";
import {
  dumpDatabase,
  expectDatabase,
  holdBackup,
  holdRestore,
  query,
} from "./support/database.ts";
import {
  chooseEncryption,
  confirmRestore,
  expectRestored,
  OPERATION,
  operationPath,
  PANEL,
  tableProgress,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("cancels a backup, which every tab has shown", async ({ page }) => {
  const before = await dumpDatabase();
  await page.goto(`${PANEL}/create`);
  await chooseEncryption(page, { mode: "none" });
  await using hold = await holdBackup();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Start backup" }).click();
  const download = await downloading;
  await expect(page).toHaveURL(OPERATION);
  const last = tableProgress(page, "warehouse.shipment_lines");
  await expect(last).toContainText("Done");

  const otherTab = await page.context().newPage();
  await Promise.all([otherTab.goto(page.url()), page.reload()]);
  for (const tab of [page, otherTab]) {
    await expect(tableProgress(tab, "public.orders")).toContainText("Done: 2,000 rows");
    await expect(tab.getByText("Finish the archive").first()).toBeVisible();
  }

  await otherTab.getByRole("button", { name: "Cancel" }).click();
  await otherTab.getByRole("button", { name: "Yes, cancel it" }).click();
  for (const tab of [page, otherTab]) {
    await expect(tab.getByText("This backup was cancelled.")).toBeVisible();
  }
  expect(await download.failure()).not.toBeNull();
  await hold.release();
  await expectDatabase(before);
});

test("cancels a restore in the middle, and nothing has changed", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  await query("UPDATE products SET name = 'Changed since the backup'");
  const before = await dumpDatabase();
  await using hold = await holdRestore();
  await page.goto(operationPath(await checkBackup(page.request, file)));
  await confirmRestore(page);
  await expectHeldRestore(page);

  const otherTab = await page.context().newPage();
  await otherTab.goto(page.url());
  await page.reload();
  await expectHeldRestore(otherTab);
  await expectHeldRestore(page);

  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Go on" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Yes, cancel it" }).click();
  for (const tab of [page, otherTab]) {
    await expect(tab.getByText("This restore was cancelled.")).toBeVisible();
    await expect(tab.getByText("Nothing has changed.", { exact: true })).toBeVisible();
  }
  await hold.release();
  await expectDatabase(before);
});

test("goes on with a restore whose tab was closed, and finds it again", async ({
  page,
  context,
  folder,
}) => {
  const before = await dumpDatabase();
  const file = await makeBackup(page.request, folder);
  await query("DELETE FROM order_lines WHERE order_id < 100");
  await using hold = await holdRestore();
  await page.goto(operationPath(await checkBackup(page.request, file)));
  await confirmRestore(page);
  await expectHeldRestore(page);
  await page.close();

  const again = await context.newPage();
  // The tables are locked, and yet the panel says what is going on.
  await again.goto(PANEL);
  await expect(again.getByRole("region", { name: "Database", exact: true })).toBeVisible();
  const active = again.getByRole("list", { name: "Operations under way" });
  await active.getByRole("link", { name: /^Restore: Restoring, \d+ %/ }).click();
  await expectHeldRestore(again);
  await hold.release();
  await expectRestored(again);
  await expectDatabase(before);
});

/** Orders are loaded, their lines are being loaded, and what refers to those lines waits. */
async function expectHeldRestore(page: Parameters<typeof tableProgress>[0]) {
  await expect(tableProgress(page, "public.orders")).toContainText("Done: 2,000 rows");
  await expect(tableProgress(page, "public.order_lines")).toContainText("Running");
  await expect(tableProgress(page, "warehouse.shipment_lines")).toContainText("Waiting: 0 of");
}
