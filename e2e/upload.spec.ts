import { stat } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { UPLOAD_CHUNK_BYTES } from "../lib/shared/limits.ts";
import { discard, makeBackup } from "./support/api.ts";
import { generateIdentity } from "./support/archive.ts";
import { query } from "./support/database.ts";
import {
  chooseFile,
  expectReady,
  OPERATION,
  openChosen,
  PANEL,
  refuseWorkers,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("goes on with an upload after the network was cut in its middle", async ({
  page,
  context,
  folder,
  browserConsole,
}) => {
  browserConsole.expectNoConnection();
  const file = await makeLargeBackup(page, folder);
  const { size } = await stat(file);
  expect(size).toBeGreaterThan(UPLOAD_CHUNK_BYTES);

  const offsets: string[] = [];
  let cuts = 0;
  await page.route("**/admin/backup/api/uploads/*", async (route, request) => {
    if (request.method() !== "PATCH") return route.continue();
    const offset = request.headers()["upload-offset"] ?? "";
    offsets.push(offset);
    if (offset === "0" || cuts > 0) return route.continue();
    cuts++;
    await context.setOffline(true);
    return route.abort("internetdisconnected");
  });
  await chooseFile(page, file);
  await expect(page.getByText("Waiting for the connection")).toBeVisible();
  await expect(page.getByText("You are offline")).toBeVisible();
  await context.setOffline(false);
  // The upload is complete: the check reads every byte.
  await expectReady(page);
  // The upload continued with the cut chunk, not from the beginning.
  expect(offsets.filter((offset) => offset === "0")).toHaveLength(1);
  expect(offsets.filter((offset) => offset === String(UPLOAD_CHUNK_BYTES))).toHaveLength(2);
  await discard(page.request, OPERATION.exec(page.url())?.[1] ?? "");
});

test("keeps the file and its passphrase while the browser is offline", async ({
  page,
  context,
  folder,
  browserConsole,
}) => {
  browserConsole.expectNoConnection();
  const passphrase = "offline for a while, not lost";
  const file = await makeBackup(page.request, folder, { mode: "passphrase", passphrase });
  await page.goto(`${PANEL}/restore`);
  await page.getByLabel("Backup file").setInputFiles(file);
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  await context.setOffline(true);
  await openChosen(page, { passphrase });
  await expect(page.getByText("Waiting for the connection")).toBeVisible();
  await expect(page).toHaveURL(/\/restore\/upload$/);
  // Without a connection, a link would lead to the browser's own error page.
  await page.getByRole("link", { name: "Database backup" }).click();
  await page.getByRole("button", { name: "Cancel upload" }).click();
  await page.getByRole("button", { name: "Upload this backup" }).click();
  await expect(page.getByText("Waiting for the connection")).toBeVisible();
  await context.setOffline(false);
  await expectReady(page);
  await discard(page.request, OPERATION.exec(page.url())?.[1] ?? "");
});

test("corrects a private key that the server refuses, without another upload", async ({
  page,
  folder,
  browserConsole,
}) => {
  browserConsole.expectStatus(422);
  const { recipient, identity } = await generateIdentity(folder);
  const stranger = await generateIdentity(folder, "stranger.txt");
  const encryption = { mode: "recipients" as const, recipients: [recipient] };
  const file = await makeBackup(page.request, folder, encryption);
  const uploads: string[] = [];
  page.on("request", (request) => {
    if (request.method() === "POST" && request.url().endsWith("/uploads"))
      uploads.push(request.url());
  });
  // Only the server can open it.
  await refuseWorkers(page);
  await chooseFile(page, file);
  const field = page.getByLabel("Private key", { exact: true });
  await field.fill(stranger.identity);
  await page.getByRole("button", { name: "Upload and check" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "NO_MATCHING_IDENTITY" })).toBeVisible();
  await expect(field).toBeFocused();
  await field.fill(identity);
  await page.getByRole("button", { name: "Check backup" }).click();
  await expectReady(page);
  expect(uploads).toHaveLength(1);
  await discard(page.request, OPERATION.exec(page.url())?.[1] ?? "");
});

test.afterEach(() => query("DROP TABLE IF EXISTS e2e_noise"));

/** Makes a backup that is larger than one chunk, of a table that does not compress well. */
async function makeLargeBackup(page: Page, folder: string): Promise<string> {
  const table = { schema: "public", name: "e2e_noise" };
  await query(`CREATE TABLE e2e_noise AS
    SELECT i, (SELECT string_agg(md5(i || '-' || j), '') FROM generate_series(1, 128) AS j) AS noise
    FROM generate_series(1, 2500) AS i`);
  return makeBackup(page.request, folder, { mode: "none" }, [table]);
}
