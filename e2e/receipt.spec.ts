/** What is left of a restore, compared with what psql, sha256sum, unzip, zstd and jq say. */
import path from "node:path";
import type { Page } from "@playwright/test";
import type { Receipt } from "../lib/shared/receipt.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { requireTool, shell } from "../scripts/testing/oracles.ts";
import { checkBackup, makeBackup, startRestore } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { countRows, query } from "./support/database.ts";
import { operationPath, signIn } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const hasTools = ["unzip", "zstd", "sha256sum", "jq"].map(requireTool).every(Boolean);

const receiptPath = (id: string) => `${operationPath(id)}/receipt`;

async function downloadReceipt(page: Page, folder: string): Promise<string> {
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download as JSON" }).click();
  const download = await downloading;
  expect(download.suggestedFilename()).toMatch(/^\d{4}-\d\d-\d\d-restore-[0-9a-f]{8}\.json$/);
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  return file;
}

test("says what a restore has done, as others find it", async ({ page, folder }) => {
  test.skip(!hasTools, "needs unzip, zstd, sha256sum and jq");
  const file = await makeBackup(page.request, folder);
  await query("DELETE FROM reviews WHERE rating < 3");
  await query(
    "INSERT INTO coupons (code, percent_off, valid_until) SELECT 'E2E' || n, 5, now() FROM generate_series(1, 7) n",
  );
  const id = await checkBackup(page.request, file);
  const tables = (
    await query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables
     WHERE schemaname IN ('public', 'warehouse') AND tablename <> '_prisma_migrations'`,
    )
  ).map(({ name }) => name);
  const before = await countRows(tables);
  await startRestore(page.request, id, { safetyBackup: false });
  const after = await countRows(tables);

  await page.goto(operationPath(id));
  await page.getByRole("link", { name: "Receipt" }).click();
  await expect(page).toHaveURL(receiptPath(id));
  await expect(page.getByRole("heading", { name: "Receipt of a restore" })).toBeVisible();
  const json = await downloadReceipt(page, folder);
  const receipt: Receipt = JSON.parse(await shell(`jq . '${json}'`, folder));

  const figures = (of: (table: Receipt["tables"][number]) => number | null) =>
    new Map(receipt.tables.map((table) => [`${table.schema}.${table.name}`, of(table)]));
  expect(figures((table) => table.rowsBefore)).toEqual(before);
  expect(figures((table) => table.rowsAfter)).toEqual(after);
  expect(before).not.toEqual(after);
  const sha256 = (await shell(`sha256sum '${file}'`, folder)).slice(0, 64);
  expect(receipt.archive.sha256).toBe(sha256);
  for (const table of receipt.tables.filter(({ rowsInBackup }) => rowsInBackup > 0).slice(0, 5)) {
    const rows = `unzip -p '${file}' 'tables/${table.schema}.${table.name}.json*' | zstd -dcf`;
    expect(Number(await shell(`${rows} | jq length`, folder))).toBe(table.rowsInBackup);
    expect((await shell(`${rows} | sha256sum`, folder)).slice(0, 64)).toBe(table.jsonSha256);
  }
  expect(receipt.actor.name).toBe(SIGN_INS.admin.name);
  for (const { schema, name, lastValue } of receipt.sequenceStates) {
    const [sequence] = await query<{ value: string }>(
      `SELECT last_value::text AS value FROM "${schema}"."${name}"`,
    );
    expect(lastValue, name).toBe(sequence?.value);
  }

  // What is on the page is what is in the file.
  const reviews = page.getByRole("row").filter({ hasText: "public.reviews" });
  await expect(reviews.getByRole("cell")).toHaveText(
    [before, after, after].map((counts) => String(counts.get("public.reviews"))),
  );
  await expect(page.getByText(sha256, { exact: true })).toBeVisible();
});

test("keeps a receipt through another restore and another sign-in, at the same address", async ({
  page,
  browser,
  browserConsole,
  folder,
}) => {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  await startRestore(page.request, id, { safetyBackup: false });
  await page.goto(receiptPath(id));
  const first = await shell(`cat '${await downloadReceipt(page, folder)}'`, folder);
  await startRestore(page.request, await checkBackup(page.request, file), { safetyBackup: false });

  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  browserConsole.watch(context);
  const stranger = await context.newPage();
  await stranger.goto(receiptPath(id));
  await signIn(stranger, SIGN_INS.admin);
  await expect(stranger).toHaveURL(receiptPath(id));
  expect(await shell(`cat '${await downloadReceipt(stranger, folder)}'`, folder)).toBe(first);
  await context.close();
});

test("fits a phone, and stands alone on paper, light and without what is around it", async ({
  page,
  folder,
}) => {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  await startRestore(page.request, id, { safetyBackup: false });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(receiptPath(id));
  await expect(page.getByRole("heading", { name: "Rows per table" })).toBeVisible();
  await expectAccessibleInBoth(page);
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

  await page.setViewportSize({ width: 1280, height: 900 });
  await page.emulateMedia({ media: "print", colorScheme: "dark" });
  await expect(page.getByRole("button", { name: "Print" })).toBeHidden();
  await expect(page.getByRole("link", { name: "Orders" })).toBeHidden();
  await expect(page.getByRole("heading", { name: "Rows per table" })).toBeVisible();
  const ground = await page
    .getByRole("region", { name: "Database backup" })
    .locator("> div")
    .evaluate((element) => {
      const context = document.createElement("canvas").getContext("2d");
      if (!context) throw new Error("no canvas");
      context.fillStyle = getComputedStyle(element).backgroundColor;
      context.fillRect(0, 0, 1, 1);
      return [...context.getImageData(0, 0, 1, 1).data];
    });
  expect(ground).toEqual([255, 255, 255, 255]);
  await page.emulateMedia({ media: "screen", colorScheme: "light" });
  await expect(page.getByRole("link", { name: "Orders" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Print" })).toBeVisible();
});
