/** The receipt of a restore, compared with the output of psql, sha256sum, unzip, zstd and jq. */
import path from "node:path";
import type { Page } from "@playwright/test";
import type { Receipt } from "../lib/shared/receipt.ts";
import { requireTool, shell } from "../lib/testing/oracles.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { checkBackup, makeBackup, startRestore } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { countRows, dumpDatabase, expectDatabase, query } from "./support/database.ts";
import {
  confirmRestore,
  expectRestored,
  goToReview,
  goToScope,
  operationPath,
  signIn,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const hasTools = ["unzip", "zstd", "sha256sum", "jq"].map(requireTool).every(Boolean);

/** A restore does not change this table. */
const MIGRATIONS = "public._prisma_migrations";

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

/** Returns rows and checksum of each table in an unencrypted archive, as `schema.table` → `rows sha256`. */
async function readTables(file: string, folder: string): Promise<Map<string, string>> {
  const json = `unzip -p '${file}' "$entry" | zstd -dcf`;
  const lines = await shell(
    `unzip -Z1 '${file}' 'tables/*' | while read -r entry; do
       echo "$entry $(${json} | jq length) $(${json} | sha256sum | cut -c1-64)"; done`,
    folder,
  );
  return new Map(
    lines
      .trim()
      .split("\n")
      .map((line) => line.match(/^tables\/(.+?)\.json\S* (.+)$/)?.slice(1) as [string, string]),
  );
}

/** Returns `value, is_called` of each sequence of the shop. */
async function readSequences(): Promise<Map<string, string>> {
  const names = await query<{ schema: string; name: string }>(
    `SELECT schemaname AS schema, sequencename AS name FROM pg_sequences
     WHERE schemaname IN ('public', 'warehouse')`,
  );
  const states = names.map(async ({ schema, name }) => {
    const [state] = await query<{ state: string }>(
      `SELECT last_value || ' ' || is_called AS state FROM "${schema}"."${name}"`,
    );
    return [`${schema}.${name}`, state?.state ?? ""] as const;
  });
  return new Map(await Promise.all(states));
}

test("says what a restore has done, as others find it", async ({ page, folder }) => {
  test.skip(!hasTools, "needs unzip, zstd, sha256sum and jq");
  // The next value stays the same, but now it counts as one that was not returned yet.
  await query("SELECT setval('audit_events_id_seq', nextval('audit_events_id_seq') + 1, false)");
  const sequences = await readSequences();
  const file = await makeBackup(page.request, folder);
  await query("DELETE FROM reviews WHERE rating < 3");
  await query(
    "INSERT INTO coupons (code, percent_off, valid_until) SELECT 'E2E' || n, 5, now() FROM generate_series(1, 7) n",
  );
  await query("SELECT nextval('audit_events_id_seq'), setval('products_id_seq', 123456)");
  expect(await readSequences()).not.toEqual(sequences);
  const id = await checkBackup(page.request, file);
  const tables = (
    await query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables
     WHERE schemaname IN ('public', 'warehouse') AND tablename <> '_prisma_migrations'`,
    )
  ).map(({ name }) => name);
  const before = await countRows(tables);
  const beganAt = new Date().toISOString();
  await startRestore(page.request, id, { safetyBackup: false });
  const endedAt = new Date().toISOString();
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
  const archived = new Map(
    receipt.tables.map((it) => [`${it.schema}.${it.name}`, `${it.rowsInBackup} ${it.jsonSha256}`]),
  );
  const inArchive = await readTables(file, folder);
  expect(receipt.leftOut.map((it) => `${it.schema}.${it.name}`)).toEqual([MIGRATIONS]);
  expect(inArchive.delete(MIGRATIONS)).toBe(true);
  expect(archived).toEqual(inArchive);
  expect(archived.size).toBe(tables.length);
  expect(receipt).toMatchObject({
    operationId: id,
    kind: "restore",
    state: "succeeded",
    changed: "everything",
    actor: { name: SIGN_INS.admin.name },
    scope: { mode: "replace", tables: null },
  });
  const { startedAt, endedAt: receiptEndedAt, elapsedMs } = receipt;
  const times = [beganAt, startedAt, receiptEndedAt, endedAt].map((time) => Date.parse(time ?? ""));
  expect(times.toSorted((a, b) => a - b)).toEqual(times);
  expect(elapsedMs).toBeGreaterThan(0);
  expect(elapsedMs).toBeLessThanOrEqual(Date.parse(endedAt) - Date.parse(beganAt));
  const states = new Map(
    receipt.sequenceStates.map((it) => [
      `${it.schema}.${it.name}`,
      `${it.lastValue} ${it.isCalled}`,
    ]),
  );
  expect(sequences.get("public.audit_events_id_seq")).toMatch(/^\d+ false$/);
  expect(states).toEqual(sequences);
  expect(states).toEqual(await readSequences());
  expect(receipt.sequences).toBe(sequences.size);
  // The backup is not encrypted, and there was no trial run.
  const doubtful = receipt.checks.filter(({ state }) => state !== "passed");
  expect(doubtful).toMatchObject([
    { name: "key", state: "warning" },
    { name: "rights", state: "warning" },
  ]);

  // The page shows the same as the file.
  const reviews = page.getByRole("row").filter({ hasText: "public.reviews" });
  await expect(reviews.getByRole("cell")).toHaveText(
    [before, after, after].map((counts) => String(counts.get("public.reviews"))),
  );
  await expect(page.getByText(sha256, { exact: true })).toBeVisible();
  await expect(page.getByText(id, { exact: true })).toBeVisible();
  const [value] = (sequences.get("public.audit_events_id_seq") ?? "").split(" ");
  const sequence = page.getByRole("row").filter({ hasText: "public.audit_events_id_seq" });
  await expect(sequence.getByRole("cell")).toHaveText(`${value}, not used yet`);
  await expect(page.getByRole("list", { name: "Checks" }).getByRole("listitem")).toHaveCount(
    receipt.checks.length,
  );
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
  await fillEmptyTable(page, await checkBackup(page.request, file));

  const context = await browser.newContext({ storageState: { cookies: [], origins: [] } });
  browserConsole.watch(context);
  const stranger = await context.newPage();
  await stranger.goto(receiptPath(id));
  await signIn(stranger, SIGN_INS.admin);
  await expect(stranger).toHaveURL(receiptPath(id));
  expect(await shell(`cat '${await downloadReceipt(stranger, folder)}'`, folder)).toBe(first);
  await context.close();
});

/** Another restore, of one table, which has to be empty, and its receipt. */
async function fillEmptyTable(page: Page, id: string) {
  const before = await dumpDatabase();
  const deleted = await query("DELETE FROM reviews RETURNING 1");
  await page.goto(operationPath(id));
  await goToScope(page);
  await page.getByRole("radio", { name: "Chosen tables" }).click();
  await page.getByRole("checkbox", { name: "public.reviews" }).click();
  await page.getByRole("radio", { name: /^Only into empty/ }).click();
  await goToReview(page);
  await confirmRestore(page);
  await expectRestored(page);
  await expectDatabase(before);
  await page.getByRole("link", { name: "Receipt" }).click();
  await expect(page).toHaveURL(receiptPath(id));
  await expect(page.getByText("Only into empty tables: 1 chosen table")).toBeVisible();
  const rows = deleted.length.toLocaleString("en");
  const cells = page.getByRole("row").filter({ hasText: "public.reviews" }).getByRole("cell");
  await expect(cells).toHaveText(["0", rows, rows]);
  await expect(page.getByRole("heading", { name: "Left as they were" })).toBeVisible();
}

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
