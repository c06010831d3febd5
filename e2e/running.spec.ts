/** An operation in progress: every tab and device shows the same, whether it is cancelled or goes on. */
import type { Browser, Page } from "@playwright/test";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
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
  signIn,
  tableProgress,
} from "./support/panel.ts";
import { type Console, expect, test } from "./support/test.ts";

/** The progress in the title, for people who have another tab in front. */
const RUNNING = /^\d+% · (Backup|Restore) · Alder & Finch$/;

test("cancels a backup, which every tab has shown", async ({ page }) => {
  const before = await dumpDatabase();
  await page.goto(`${PANEL}/create`);
  await chooseEncryption(page, { mode: "none" });
  await using hold = await holdBackup();
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const download = await downloading;
  await expect(page).toHaveURL(OPERATION);
  const last = tableProgress(page, "warehouse.shipment_lines");
  await expect(last).toContainText("Done");

  const otherTab = await page.context().newPage();
  await Promise.all([otherTab.goto(page.url()), page.reload()]);
  for (const tab of [page, otherTab]) {
    await expect(tableProgress(tab, "public.orders")).toContainText("Done: 2,000 rows");
    await expect(tab.getByText("Finish the backup").first()).toBeVisible();
    await expect(tab).toHaveTitle(RUNNING);
  }

  await otherTab.getByRole("button", { name: "Cancel" }).click();
  await otherTab.getByRole("button", { name: "Yes, cancel it" }).click();
  for (const tab of [page, otherTab]) {
    await expect(tab.getByText("This backup was cancelled.")).toBeVisible();
    await expect(tab).toHaveTitle("Cancelled · Backup · Alder & Finch");
  }
  expect(await download.failure()).not.toBeNull();
  await hold.release();
  await expectDatabase(before);
});

test("cancels a restore in the middle from another device, and nothing has changed", async ({
  page,
  browser,
  browserConsole,
  folder,
}) => {
  const file = await makeBackup(page.request, folder);
  await query("UPDATE products SET name = 'Changed since the backup'");
  const before = await dumpDatabase();
  // Sign in before the restore, because it also locks the shop's users.
  const phone = await signInOnPhone(browser, browserConsole);
  await using hold = await holdRestore();
  await page.goto(operationPath(await checkBackup(page.request, file)));
  await confirmRestore(page);
  await expectHeldRestore(page);

  await findRunning(phone);
  await page.reload();
  await expectHeldRestore(phone);
  await expectHeldRestore(page);
  expect(await phone.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

  await phone.getByRole("button", { name: "Cancel" }).click();
  await phone.getByRole("button", { name: "Go on" }).click();
  await phone.getByRole("button", { name: "Cancel" }).click();
  await phone.getByRole("button", { name: "Yes, cancel it" }).click();
  for (const device of [phone, page]) {
    await expect(device.getByText("This restore was cancelled.")).toBeVisible();
    await expect(device.getByText("Nothing was changed.", { exact: true })).toBeVisible();
    await expect(device).toHaveTitle("Cancelled · Restore · Alder & Finch");
    // What was rolled back is not shown as done.
    await expect(tableProgress(device, "public.orders")).toContainText("Not kept: 2,000 rows");
    await expect(tableProgress(device, "warehouse.shipment_lines")).toContainText("Not begun");
  }
  await hold.release();
  await expectDatabase(before);
  await phone.context().close();
});

/** Opens a separate session on a small screen. */
async function signInOnPhone(browser: Browser, browserConsole: Console): Promise<Page> {
  const context = await browser.newContext({
    storageState: { cookies: [], origins: [] },
    viewport: { width: 390, height: 844 },
  });
  browserConsole.watch(context);
  const page = await context.newPage();
  await page.goto(PANEL);
  await signIn(page, SIGN_INS.admin);
  await expect(page.getByRole("region", { name: "Database", exact: true })).toBeVisible();
  return page;
}

/** Finds the operation as a person does who has no address. The panel shows it although the tables are locked. */
async function findRunning(page: Page) {
  await page.goto(PANEL);
  await expect(page.getByRole("region", { name: "Database", exact: true })).toBeVisible();
  const active = page.getByRole("list", { name: "Operations under way" });
  await active.getByRole("link", { name: /^Restore: Restoring, \d+%/ }).click();
}

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
  await findRunning(again);
  await expectHeldRestore(again);
  await hold.release();
  await expectRestored(again);
  await expect(again).toHaveTitle("Done · Restore · Alder & Finch");
  await expectDatabase(before);
  await again.getByRole("link", { name: "Database backup" }).click();
  await expect(again).toHaveTitle("Database backup · Alder & Finch");
});

/** Expects that orders are loaded, their lines are being loaded, and tables that refer to those lines wait. */
async function expectHeldRestore(page: Page) {
  await expect(tableProgress(page, "public.orders")).toContainText("Done: 2,000 rows");
  await expect(tableProgress(page, "public.order_lines")).toContainText("Running");
  await expect(tableProgress(page, "warehouse.shipment_lines")).toContainText("Waiting: 0 of");
  await expect(page).toHaveTitle(RUNNING);
}
