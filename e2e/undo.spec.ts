/** A restore by mistake: the undo brings everything back, and can be undone as well. */
import type { Page } from "@playwright/test";
import { checkBackup, makeBackup, startRestore } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { countRows, dumpDatabase, expectDatabase, query } from "./support/database.ts";
import {
  expectReady,
  expectRehearsed,
  expectRestored,
  operationPath,
  rowOf,
  startRestore as startInBrowser,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "back to where we came from";

test("undoes a restore from its receipt, and undoes that on a phone", async ({
  page,
  folder,
  browserConsole,
}) => {
  const encryption = { mode: "passphrase", passphrase: PASSPHRASE } as const;
  const file = await makeBackup(page.request, folder, encryption);
  const renamed = await query(
    "UPDATE products SET name = name || ' (renamed)' WHERE id % 2 = 0 RETURNING 1",
  );
  const deleted = await query("DELETE FROM reviews WHERE rating < 3 RETURNING 1");
  await query("SELECT nextval('audit_events_id_seq')");
  const before = await dumpDatabase();
  const reviewsBefore = await countReviews();
  const restore = await checkBackup(page.request, file, { passphrase: PASSPHRASE });
  await startRestore(page.request, restore);
  const restored = await dumpDatabase();
  expect(restored).not.toBe(before);
  const reviewsRestored = await countReviews();

  await page.goto(operationPath(restore));
  await expectRestored(page);
  await expectAccessibleInBoth(page);
  await openUndo(page, restore);
  browserConsole.expectStatus(422);
  await page.keyboard.type("this is not the one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "WRONG_PASSPHRASE" })).toBeVisible();
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  await expectAccessibleInBoth(page);
  const undo = await prepareUndo(page, restore);
  await expectUndoes(page, "restore", restore);

  await expectRehearsed(page);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Undo the restore?");
  await expect(page.getByRole("heading", { name: /, just before the restore\.$/ })).toBeVisible();
  await expect(page.getByText("Everything: 24 tables")).toBeVisible();
  await page.getByText(/^\d+ checks passed$/).click();
  const checks = page.getByRole("list", { name: "Passed checks" }).getByRole("listitem");
  await expect(checks.first()).toContainText("Passed");
  await expect(page.getByRole("listitem").filter({ hasText: "Failed" })).toHaveCount(0);
  // Nothing was uploaded, so nothing is deleted.
  await page.getByRole("button", { name: "Discard" }).last().click();
  await expect(page.getByText("Discard this undo?")).toBeVisible();
  await expect(page.getByText(/^The safety backup stays/)).toBeVisible();
  await page.getByRole("button", { name: "Keep it" }).click();
  const changes = page.getByRole("list", { name: "Tables", exact: true }).getByRole("listitem");
  await expect(rowOf(changes, "public.products")).toContainText(`${renamed.length} change`);
  await expect(rowOf(changes, "public.reviews")).toContainText(
    `${deleted.length.toLocaleString("en")} are lost`,
  );
  await expect(changes).toHaveCount(2);
  await expect(page).toHaveTitle("Waiting for confirmation · Undo the restore? · Alder & Finch");
  await startInBrowser(page);
  await expectUndone(page);
  await expect(page).toHaveTitle("Done · Undo · Alder & Finch");
  await expectDatabase(before);

  await page.setViewportSize({ width: 390, height: 844 });
  await openUndo(page, undo, "Undo the undo");
  await expect(page).toHaveTitle(/^[^·]+ · Alder & Finch$/);
  await expectUndoes(page, "restore", restore);
  await expect(
    page.getByRole("row").filter({ hasText: "public.reviews" }).getByRole("cell"),
  ).toHaveText([reviewsRestored, reviewsBefore, reviewsBefore]);
  await expectAccessibleInBoth(page);
  await expectFits(page);
  await prepareUndo(page, undo);
  await expectUndoes(page, "undo", undo);
  await expectFits(page);
  await expectReady(page);
  await expectFits(page);
  await startInBrowser(page);
  await expectUndone(page);
  await expectFits(page);
  await expectDatabase(restored);
});

/** The number as the panel shows it. */
async function countReviews(): Promise<string> {
  return ((await countRows(["public.reviews"])).get("public.reviews") ?? 0).toLocaleString("en");
}

/** Goes from the page of an ended restore to the question on its receipt. */
async function openUndo(page: Page, id: string, name = "Undo this restore") {
  await page.getByRole("link", { name: "Receipt", exact: true }).click();
  await expect(page).toHaveURL(`${operationPath(id)}/receipt`);
  await page.getByRole("button", { name }).click();
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  await expect(page.getByText(/^The passphrase of the backup that was restored\./)).toBeVisible();
}

/** @returns the id of the restore that undoes it */
async function prepareUndo(page: Page, id: string): Promise<string> {
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Prepare the undo" }).click();
  await expect(page).not.toHaveURL(new RegExp(id));
  const [, undo] = page.url().match(/\/operations\/([0-9a-f-]{36})/) ?? [];
  if (!undo) throw new Error(`${page.url()} is of no operation.`);
  return undo;
}

const expectUndoes = (page: Page, what: "restore" | "undo", id: string) =>
  expect(page.getByRole("link", { name: new RegExp(`^the ${what} of `) })).toHaveAttribute(
    "href",
    operationPath(id),
  );

const expectUndone = (page: Page) =>
  expect(page.getByText("The restore was undone.", { exact: true })).toBeVisible();

const expectFits = (page: Page) =>
  expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

test("says that there is nothing to undo with where none was kept", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  await startRestore(page.request, id, { safetyBackup: false });
  await page.goto(operationPath(id));
  await expect(page.getByText(/^No safety backup was made/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo this restore" })).toHaveCount(0);
});
