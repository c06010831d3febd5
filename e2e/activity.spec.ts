/** The list of all operations: filters, search and pages. The address alone determines what it shows. */
import path from "node:path";
import type { Page } from "@playwright/test";
import { shell } from "../lib/testing/oracles.ts";
import { cancelledBackup, checkBackup, discard, makeBackup, startRestore } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { query } from "./support/database.ts";
import { OPERATION, operationPath, PANEL } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const ACTIVITY = `${PANEL}/activity`;
const PAGE = 25;

const rows = (page: Page) =>
  page.getByRole("list", { name: "Operations", exact: true }).getByRole("listitem");
const search = (page: Page) => page.getByRole("searchbox", { name: "File, person, id or sha256" });

const addresses = (page: Page) =>
  rows(page)
    .getByRole("link")
    .evaluateAll((links) => links.map((link) => link.getAttribute("href")));

/** Reads every operation but one, as stored. */
const readOthers = (id: string) =>
  query(
    "SELECT to_jsonb(o) AS kept FROM prisma_backup_admin.operations o WHERE id <> $1 ORDER BY id",
    [id],
  );

/** Counts in the table that stores operations. */
async function countOperations(condition: string): Promise<number> {
  const [counted] = await query<{ count: number }>(
    `SELECT count(*)::int AS count FROM prisma_backup_admin.operations WHERE ${condition}`,
  );
  return counted?.count ?? 0;
}

const expectRows = (page: Page, count: number) =>
  expect(rows(page)).toHaveCount(Math.min(count, PAGE));

test("filters, searches and pages, and the back button undoes it", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  // All these operations are newer than the backup, so it does not contain them.
  for (let made = 0; made < PAGE; made++) await cancelledBackup(page.request);
  await discard(page.request, await checkBackup(page.request, file));
  const restored = await checkBackup(page.request, file);
  const all = await countOperations("true");
  const restores = await countOperations("kind = 'restore'");
  const cancelledRestores = await countOperations("kind = 'restore' AND state = 'cancelled'");
  expect(cancelledRestores).toBeLessThan(restores);

  await page.goto(PANEL);
  await page.getByRole("link", { name: "All activity" }).click();
  await expect(page).toHaveURL(ACTIVITY);
  await expect(page.getByText(`1 to ${PAGE} of ${all} operations`)).toBeVisible();
  await expectRows(page, all);

  const listed = await addresses(page);
  expect(listed[0]).toBe(operationPath(restored));
  const others = await readOthers(restored);
  await startRestore(page.request, restored, { safetyBackup: false });
  await page.reload();
  await expect(rows(page).first()).toContainText("Done");
  expect(await addresses(page)).toEqual(listed);
  expect(await readOthers(restored)).toEqual(others);

  await page.getByRole("button", { name: "Older" }).click();
  await expect(page).toHaveURL(`${ACTIVITY}?page=2`);
  await expect(page.getByText(`${PAGE + 1} to `)).toBeFocused();
  await expectRows(page, all - PAGE);
  await page.goBack();
  await expect(page).toHaveURL(ACTIVITY);
  await expectRows(page, all);

  await page.getByRole("radio", { name: "Restores" }).click();
  await expect(page).toHaveURL(`${ACTIVITY}?kind=restore`);
  await expectRows(page, restores);
  await page.getByRole("combobox", { name: "State" }).selectOption("Cancelled");
  await expectRows(page, cancelledRestores);
  // The list is updated before the address, but a reload needs the address.
  await expect(page).toHaveURL(`${ACTIVITY}?kind=restore&state=cancelled`);
  await page.reload();
  await expectRows(page, cancelledRestores);
  await expect(page.getByRole("radio", { name: "Restores" })).toBeChecked();
  await page.goBack();
  await expect(page.getByRole("combobox", { name: "State" })).toHaveValue("");
  await expectRows(page, restores);
  await page.goBack();
  await expectRows(page, all);

  const sha256 = (await shell(`sha256sum '${file}'`, folder)).slice(0, 64);
  await search(page).fill(sha256);
  // The backup and both of its restores.
  await expect(rows(page)).toHaveCount(3);
  await search(page).fill(path.basename(file));
  await expect(rows(page)).toHaveCount(2);
  await search(page).fill(restored);
  await expect(rows(page)).toHaveCount(1);
  await expect(page).toHaveURL(`${ACTIVITY}?search=${restored}`);
  await rows(page).getByRole("link").click();
  await expect(page).toHaveURL(operationPath(restored));
  await page.goBack();
  await expect(search(page)).toHaveValue(restored);
  await expect(rows(page)).toHaveCount(1);

  await search(page).fill("50% of nothing_at all");
  await expect(page.getByText("No operation matches.")).toBeVisible();
  await page.getByRole("button", { name: "Show all operations" }).click();
  await expect(page).toHaveURL(ACTIVITY);
  await expect(search(page)).toHaveValue("");
  await expectRows(page, all);
  await page.goto(`${ACTIVITY}?page=4000`);
  await expect(page.getByText("The list is not that long.")).toBeVisible();
});

test("is worked by keyboard, fits a phone, and says when it cannot be read", async ({
  page,
  browserConsole,
}) => {
  await cancelledBackup(page.request);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(ACTIVITY);
  await expect(rows(page).first()).toBeVisible();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await expectAccessibleInBoth(page);

  await page.getByRole("radio", { name: "All", exact: true }).focus();
  await page.keyboard.down("ArrowRight");
  await expect(page).toHaveURL(`${ACTIVITY}?kind=backup`);
  await page.keyboard.up("ArrowRight");
  await page.keyboard.press("Tab");
  await page.keyboard.type("Canc");
  await expect(page).toHaveURL(`${ACTIVITY}?kind=backup&state=cancelled`);
  await page.keyboard.press("Tab");
  await expect(search(page)).toBeFocused();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(OPERATION);

  browserConsole.expectNoConnection();
  await page.route("**/api/activity**", (route) => route.abort());
  await page.goto(ACTIVITY);
  await expect(page.getByRole("alert").filter({ hasText: "UNREACHABLE" })).toBeVisible();
  await page.unroute("**/api/activity**");
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(rows(page).first()).toBeVisible();
});
