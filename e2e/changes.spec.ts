/** What a restore will change, shown before it starts: the rows, the schema's differences, and what would fail. */
import path from "node:path";
import type { Page } from "@playwright/test";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import {
  beginRestore,
  checkBackup,
  discard,
  makeBackup,
  startRestore as restoreAll,
} from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { dumpDatabase, expectDatabase, holdRestore, query } from "./support/database.ts";
import {
  expectReady,
  expectRehearsed,
  expectRestored,
  goToReview,
  goToScope,
  operationPath,
  rowOf,
  signIn,
  startRestore,
  tableProgress,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const tableOf = (page: Page, table: string) =>
  rowOf(page.getByRole("list", { name: "Tables", exact: true }).getByRole("listitem"), table);

const count = async (sql: string): Promise<string> => {
  const [row] = await query<{ count: number }>(sql);
  return (row?.count ?? 0).toLocaleString("en");
};

/** Changes rows and returns PostgreSQL's count of them. */
const countOf = (statement: string) =>
  count(`WITH touched AS (${statement} RETURNING 1) SELECT count(*)::int AS count FROM touched`);

test("tells every row that a rehearsal adds, removes and changes", async ({ page, folder }) => {
  const original = await dumpDatabase();
  const file = await makeBackup(page.request, folder);
  const [product] = await query<{ name: string }>("SELECT name FROM products WHERE id = 1");
  const added = await countOf("DELETE FROM reviews WHERE rating = 1");
  const changed = await countOf("UPDATE products SET name = 'Renamed since' WHERE id <= 8");
  const removed = await countOf(`INSERT INTO customers
    SELECT (jsonb_populate_record(NULL::customers, to_jsonb(c) ||
      jsonb_build_object('id', gen_random_uuid(), 'email', 'late@example.com'))).*
    FROM (SELECT * FROM customers LIMIT 1) AS c`);
  const same = await count("SELECT count(*)::int AS count FROM products WHERE id > 8");
  const before = await dumpDatabase();

  const id = await checkBackup(page.request, file);
  await page.goto(operationPath(id));
  await expectRehearsed(page);
  await expectDatabase(before);
  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();
  await expect(page.getByText(/^You are in this backup:/)).toBeVisible();
  await expect(tableOf(page, "public.reviews")).toContainText(`${added} come back`);
  await expect(tableOf(page, "public.customers")).toContainText(`${removed} is lost`);
  const products = tableOf(page, "public.products");
  await expect(products).toContainText(`${changed} change, ${same} stay the same`);
  await expect(tableOf(page, "public.orders")).toHaveCount(0);
  await expect(page.getByRole("heading", { name: /^Go back to .+ \(.+\)\.$/ })).toBeVisible();
  const statement = `${added} rows come back, ${changed} change, ${removed} row added since then is lost.`;
  await expect(page.getByText(statement)).toContainText(/The app waits for about \d+ seconds?\./);
  await expect(page.getByText(path.basename(file))).toBeVisible();

  // With the keyboard, and on a phone's screen.
  await page.setViewportSize({ width: 390, height: 844 });
  await products.getByText("Show 8 rows").press("Enter");
  const row = products.getByRole("listitem").filter({ hasText: /id = 1$/ });
  const sample = row.or(products.getByRole("listitem").filter({ hasText: "id = 1 " })).first();
  await expect(sample.getByRole("deletion")).toHaveText("Renamed since");
  await expect(sample.getByRole("insertion")).toHaveText(product?.name ?? "");
  await expectAccessibleInBoth(page);
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
  );
  expect(overflow, "scrolls sideways").toBeLessThanOrEqual(0);

  // The page is shown again with its way back.
  await page.reload();
  await expect(products).toContainText(`${changed} change`);
  await page.getByText(/^\d+ tables without change$/).click();
  await page.getByRole("searchbox", { name: "Find a table" }).first().fill("public.orders");
  await expect(page.getByRole("list", { name: "Tables without change" })).toContainText("orders");
  await goToScope(page);
  await page.goBack();
  await expect(page).toHaveURL(/\/changes$/);
  await startRestore(page);
  await expectRestored(page);
  await expectDatabase(original);
});

test("shows another admin what waits, and says who will be signed out", async ({
  page,
  browser,
  browserConsole,
  folder,
}) => {
  const file = await makeBackup(page.request, folder);
  const late = { email: "late@example.com", password: SIGN_INS.admin.password };
  await query(
    `INSERT INTO users (id, email, name, role, password_hash)
     SELECT gen_random_uuid(), $1, 'Late Admin', role, password_hash FROM users WHERE email = $2`,
    [late.email, SIGN_INS.admin.email],
  );
  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  browserConsole.watch(context);
  const other = await context.newPage();
  await other.goto("/");
  await signIn(other, late);
  await expect(other.getByText("Good to see you, Late Admin.")).toBeVisible();
  const id = await checkBackup(other.request, file);
  await other.goto(operationPath(id));
  await expectReady(other);
  await expect(other.getByText("you will be signed out")).toBeVisible();
  const migrations = await count("SELECT count(*)::int AS count FROM _prisma_migrations");
  await other.getByText(`Migrations: the same ${migrations}`).click();
  await expect(other.getByRole("region", { name: "Migrations" })).toContainText(
    `made with the same ${migrations} migration`,
  );

  await page.goto(`${operationPath(id)}/confirm`);
  await expect(page).toHaveURL(/\/changes$/);
  await expect(page.getByText("This restore waits for Late Admin.")).toBeVisible();
  await expect(page.getByLabel("Database name")).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Change…" })).toHaveCount(0);
  await expect(page.getByRole("button", { name: /trial run|^Restore$/ })).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Discard" }).last()).toBeVisible();
  await discard(other.request, id);
  await context.close();
  await query("DELETE FROM users WHERE email = $1", [late.email]);
});

const addMigration = (name: string) =>
  query(
    `INSERT INTO _prisma_migrations (id, checksum, migration_name, finished_at, applied_steps_count)
     VALUES (gen_random_uuid(), 'none', $1, now(), 1)`,
    [name],
  );
const removeMigration = (name: string) =>
  query("DELETE FROM _prisma_migrations WHERE migration_name = $1", [name]);

test("asks to confirm the drift that maps, and refuses what does not", async ({ page, folder }) => {
  await addMigration("20990101000000_e2e_reverted");
  const file = await makeBackup(page.request, folder);
  await removeMigration("20990101000000_e2e_reverted");
  await addMigration("20990102000000_e2e_since");
  await query("ALTER TABLE reviews ADD COLUMN e2e_note text");
  const before = await dumpDatabase();
  const id = await checkBackup(page.request, file);
  await page.goto(operationPath(id));
  await expectReady(page);
  await expect(page.getByRole("list", { name: "Differences" })).toContainText("e2e_note");
  const names = (title: string) => page.getByRole("list", { name: title }).getByRole("listitem");
  await expect(names("Applied here since the backup was made")).toHaveText([
    "20990102000000_e2e_since",
  ]);
  await expect(names("In the backup, and not applied here")).toHaveText([
    "20990101000000_e2e_reverted",
  ]);
  const restore = page.getByRole("button", { name: /^Restore( anyway)?$/ });
  await page.getByLabel("Database name").fill("shop");
  await expect(restore).toBeDisabled();
  await expect(page.getByRole("link", { name: "1 difference" })).toBeVisible();
  await page.getByRole("checkbox", { name: "I have read this difference" }).check();
  await expect(restore).toBeEnabled();
  // After a reload, the page does not know what was read.
  await page.reload();
  await page.getByLabel("Database name").fill("shop");
  await expect(restore).toBeDisabled();
  await page.getByRole("checkbox", { name: "I have read this difference" }).check();
  await restore.click();
  await expectRestored(page);
  await expectDatabase(before);

  await query(`ALTER TABLE reviews DROP COLUMN e2e_note, ADD COLUMN e2e_stars int NOT NULL DEFAULT 1;
    ALTER TABLE reviews ALTER COLUMN e2e_stars DROP DEFAULT`);
  const blocked = await checkBackup(page.request, file);
  await page.goto(operationPath(blocked));
  await expect(page).toHaveURL(/\/changes$/);
  const refusal = page.getByRole("alert").filter({ hasText: "cannot be restored here" });
  await expect(refusal).toContainText("Nothing was changed.");
  await expect(refusal).toContainText("Give it a default");
  await expect(page.getByLabel("Database name")).toHaveCount(0);
  await expectAccessibleInBoth(page);

  await goToScope(page);
  await page.getByRole("radio", { name: "Chosen tables" }).click();
  await page.getByRole("checkbox", { name: "public.categories" }).click();
  await goToReview(page);
  await expect(page.getByLabel("Database name")).toBeVisible();
  await discard(page.request, blocked);
  await query("ALTER TABLE reviews DROP COLUMN e2e_stars");
  await removeMigration("20990102000000_e2e_since");
});

test("names what would fail, and what has failed, and changes nothing", async ({
  page,
  folder,
}) => {
  const file = await makeBackup(page.request, folder);
  const poor = await countOf("DELETE FROM reviews WHERE rating = 1");
  await query("ALTER TABLE reviews ADD CONSTRAINT e2e_stars CHECK (rating > 1)");
  const before = await dumpDatabase();
  const id = await checkBackup(page.request, file);
  await page.goto(operationPath(id));
  await expectRehearsed(page);
  await expect(page.getByText("The trial run failed", { exact: true })).toBeVisible();
  const violations = page.getByRole("list", { name: "Violations" });
  await expect(violations).toContainText("public.reviews");
  await expect(violations).toContainText("e2e_stars");
  await expect(violations).toContainText("What to do:");
  await violations.getByText(`of ${poor} rows`).press("Enter");
  await expect(violations.getByRole("listitem").nth(1)).toContainText("rating = 1");
  await expectAccessibleInBoth(page);

  // The page does not offer what will fail. Without it, the restore does fail.
  await expect(page.getByLabel("Database name")).toHaveCount(0);
  await expect(page.getByRole("button", { name: "Restore", exact: true })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Change what comes back" })).toBeVisible();
  await beginRestore(page.request, id);
  const failure = page.getByRole("alert").filter({ hasText: "This restore has failed." });
  await expect(failure).toContainText("Nothing was changed.");
  await expect(failure).toContainText("public.reviews");
  await expect(failure).toContainText("e2e_stars");
  await expect(failure.getByRole("button", { name: "Copy the error report" })).toBeVisible();
  await expectDatabase(before);
  await query("ALTER TABLE reviews DROP CONSTRAINT e2e_stars");
  await restoreAll(page.request, await checkBackup(page.request, file));
});

test("cancels a rehearsal, and nothing has changed", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  await query("UPDATE products SET name = 'Changed since the backup'");
  const before = await dumpDatabase();
  await using hold = await holdRestore();
  const id = await checkBackup(page.request, file);
  await page.goto(operationPath(id));
  await expect(page.getByText("Trial run", { exact: true })).toBeVisible();
  await page.goto(operationPath(id));
  await expect(page).toHaveURL(/\/changes$/);
  await expect(page.getByText(/Check every constraint$/)).toBeVisible();
  await expect(page).toHaveTitle(/^\d+% · Replace the data\? · Alder & Finch$/);
  await page.getByRole("button", { name: "Discard" }).last().click();
  await page.getByRole("button", { name: "Yes, discard it" }).click();
  await expect(page.getByText("This restore was cancelled.")).toBeVisible();
  await expect(page.getByText("Nothing was changed.", { exact: true })).toBeVisible();
  await hold.release();
  await expectDatabase(before);
});

test("starts without waiting for the trial run", async ({ page, folder }) => {
  const original = await dumpDatabase();
  const file = await makeBackup(page.request, folder);
  await query("UPDATE products SET name = 'Changed since the backup'");
  await using hold = await holdRestore();
  const id = await checkBackup(page.request, file);
  await page.goto(operationPath(id));
  await expect(page.getByText(/Check every constraint$/)).toBeVisible();
  await startRestore(page);
  await expect(page).toHaveURL(operationPath(id));
  await expect(tableProgress(page, "public.order_lines")).toContainText("Running");
  await hold.release();
  await expectRestored(page);
  await expectDatabase(original);
});

test("says that nothing would change", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  await page.goto(operationPath(id));
  await expectRehearsed(page);
  await expect(
    page.getByRole("heading", { name: "Already identical: nothing to restore." }),
  ).toBeVisible();
  await expect(page.getByRole("button", { name: "Restore anyway" })).toBeVisible();
  await expectAccessibleInBoth(page);
  await discard(page.request, id);
});
