/** What a restore brings back: some tables, some rows, and what happens to existing rows. */
import { checkBackup, makeBackup, startRestore as restoreAll } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import {
  chooseFile,
  confirmRestore,
  expectRehearsed,
  expectRestored,
  goToReview,
  goToScope,
  makeAMess,
  operationPath,
  startRestore,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const TABLES = ["products", "categories", "reviews"].map((name) => ({ schema: "public", name }));

test("brings back chosen tables only, over a slow network", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  await query("UPDATE products SET name = 'Kept as it is'");
  const expected = await dumpDatabase();
  await query("DELETE FROM reviews WHERE rating < 4");

  const client = await page.context().newCDPSession(page);
  await client.send("Network.emulateNetworkConditions", {
    offline: false,
    latency: 250,
    downloadThroughput: 150_000,
    uploadThroughput: 150_000,
  });
  await chooseFile(page, file);
  // Other tables refer to these, so the restore is refused until the person chooses only some tables.
  const refusal = page.getByRole("alert").filter({ hasText: "cannot be restored in this way" });
  await expect(refusal).toContainText("Use a backup that holds these tables too.");
  await goToScope(page);
  await expect(page.getByText(/^\d+ tables refer to these\.$/)).toBeVisible();

  await page.getByRole("radio", { name: "Chosen tables" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await expect(page.getByText("Choose at least one table.")).toBeVisible();
  await page.getByRole("searchbox", { name: "Find a table" }).fill("review");
  await page.getByRole("checkbox", { name: "public.reviews" }).click();
  await expect(page.getByText("1 of 3 tables chosen")).toBeVisible();
  // Other tables refer to the shop's customers, too, and customers are not in this backup.
  const left = page.getByText("public.reviews refers to public.products by product_id");
  await expect(left).toBeVisible();
  await page.getByRole("button", { name: "Add them" }).click();
  await expect(page.getByText("3 of 3 tables chosen")).toBeVisible();
  await page.getByRole("searchbox", { name: "Find a table" }).fill("");
  await page.getByRole("checkbox", { name: "public.products" }).click();
  await page.getByRole("checkbox", { name: "public.categories" }).click();
  await expectAccessibleInBoth(page);
  await goToReview(page);
  await confirmRestore(page);
  await expectRestored(page);
  await expectDatabase(expected);
});

test("merges, and keeps or overwrites what is there", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  const original = await dumpDatabase();
  await query("DELETE FROM reviews WHERE rating = 5");
  await query("UPDATE products SET name = 'Changed since' WHERE id <= 8");
  const missing = "SELECT count(*)::int AS count FROM reviews WHERE rating = 5";
  const renamed = "SELECT count(*)::int AS count FROM products WHERE name = 'Changed since'";
  expect(await query(missing)).toEqual([{ count: 0 }]);

  await page.goto(operationPath(await checkBackup(page.request, file)));
  await goToScope(page);
  await page.getByRole("radio", { name: /^Only into empty/ }).click();
  await goToReview(page);
  const refusal = page.getByRole("alert").filter({ hasText: "cannot be restored in this way" });
  await expect(refusal).toContainText("choose another mode");
  await expect(page.getByLabel("Database name")).toHaveCount(0);
  await goToScope(page);
  await page.getByRole("radio", { name: "Merge, database wins" }).click();
  await goToReview(page);
  await confirmRestore(page);
  await expectRestored(page);
  expect(await query(renamed)).toEqual([{ count: 8 }]);
  expect(await query(missing)).not.toEqual([{ count: 0 }]);

  await page.goto(operationPath(await checkBackup(page.request, file)));
  await goToScope(page);
  await page.getByRole("radio", { name: "Merge, backup wins" }).click();
  await goToReview(page);
  await expectRehearsed(page);
  await expect(page.getByText("8 change,")).toBeVisible();
  await expect(page.getByText("8 rows are replaced. Nothing is deleted.")).toBeVisible();
  await expect(
    page.getByRole("heading", { name: "Replace rows with the same key?" }),
  ).toBeVisible();
  // The page says what happens without a safety backup.
  await page.getByRole("checkbox", { name: /^Save the current data/ }).uncheck();
  await expect(
    page.getByText("Without a safety backup, you cannot undo this restore."),
  ).toBeVisible();
  await startRestore(page);
  await expectRestored(page);
  expect(await query(renamed)).toEqual([{ count: 0 }]);
  await expectDatabase(original);
});

test("brings back rows that were chosen one by one", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder, { mode: "none" }, TABLES);
  const before = await dumpDatabase();
  const [gone] = await query<{ id: string }>(
    "DELETE FROM reviews WHERE id = (SELECT id FROM reviews LIMIT 1) RETURNING id",
  );
  await chooseFile(page, file, { onlyLooks: true });
  await page.getByRole("button", { name: "Show rows of Review" }).click();
  await page.getByRole("searchbox", { name: "Search rows" }).fill(gone?.id ?? "");
  const grid = page.getByRole("grid", { name: "Rows of Review" });
  await expect(grid).toHaveAttribute("aria-rowcount", "2");
  await grid.getByRole("row").nth(1).focus();
  await page.keyboard.press("Space");
  await page.getByRole("button", { name: "Restore these rows" }).click();
  await goToScope(page);
  await expect(page.getByRole("list", { name: "Chosen rows" })).toContainText("1 chosen row");
  await expect(page.getByRole("radio")).toHaveCount(2);
  await goToReview(page);
  await expectRehearsed(page);
  await expect(
    page.getByRole("heading", { name: /^Bring back 1 chosen row of public\.reviews from / }),
  ).toBeVisible();
  await expect(page.getByText("1 comes back")).toBeVisible();
  await startRestore(page);
  await expectRestored(page);
  await expectDatabase(before);
});

test("says which rows would be missing, and brings them back as well", async ({ page, folder }) => {
  const original = await dumpDatabase();
  const file = await makeBackup(page.request, folder);
  const lines = await count("order_lines");
  await makeAMess(page);
  const missing = lines - (await count("order_lines"));
  expect(missing).toBeGreaterThan(0);

  await page.goto(operationPath(await checkBackup(page.request, file)));
  await goToScope(page);
  await page.getByRole("radio", { name: "Chosen tables" }).click();
  await page.getByRole("checkbox", { name: "public.orders", exact: true }).click();
  await page.getByRole("button", { name: "Add them" }).click();
  const warning = page.getByText(
    /^[\d,]+ rows in \d+ tables that refer to these will be missing\.$/,
  );
  await expect(warning).toBeVisible();
  const named = missing.toLocaleString("en");
  await expect(page.getByText(`public.order_lines: ${named} rows`)).toBeVisible();
  await expectAccessibleInBoth(page);

  // The trial run succeeds all the same, so the page says it where the restore is confirmed.
  await goToReview(page);
  await expectRehearsed(page);
  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();
  await expect(
    page.getByText(/^[\d,]+ rows of the backup in \d+ other tables will be missing\.$/),
  ).toBeVisible();
  await expect(page.getByText(`public.order_lines (${named})`)).toBeVisible();

  await goToScope(page);
  await page.getByRole("button", { name: /^Add (this table|these \d+ tables)$/ }).click();
  await expect(warning).toHaveCount(0);
  await goToReview(page);
  await startRestore(page);
  await expectRestored(page);
  expect(await count("order_lines")).toBe(lines);
  await restoreAll(page.request, await checkBackup(page.request, file));
  await expectDatabase(original);
});

async function count(table: string): Promise<number> {
  const [row] = await query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`);
  return row?.count ?? 0;
}
