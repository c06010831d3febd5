import { stat } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { UPLOAD_CHUNK_BYTES } from "../lib/shared/limits.ts";
import { discard, makeBackup } from "./support/api.ts";
import { query } from "./support/database.ts";
import { beginUpload, checkArchive, chooseFile, expectReady, OPERATION } from "./support/panel.ts";
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
  await beginUpload(page);
  await expect(page.getByText("Waiting for the connection")).toBeVisible();
  await expect(page.getByText("You are offline")).toBeVisible();
  await context.setOffline(false);
  await expect(page.getByText("Uploaded", { exact: true })).toBeVisible();
  // The upload continued with the cut chunk, not from the beginning.
  expect(offsets.filter((offset) => offset === "0")).toHaveLength(1);
  expect(offsets.filter((offset) => offset === String(UPLOAD_CHUNK_BYTES))).toHaveLength(2);

  // The upload is complete: the check reads every byte.
  await checkArchive(page, {});
  await expectReady(page);
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
