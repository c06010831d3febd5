/** Files that are not backups, or damaged ones. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "@playwright/test";
import JSZip from "jszip";
import { makeBackup } from "./support/api.ts";
import { dumpDatabase, expectDatabase } from "./support/database.ts";
import { chooseFile } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("says at once that a file is no backup, and uploads nothing", async ({ page, folder }) => {
  const uploads: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/uploads")) uploads.push(request.url());
  });

  const text = path.join(folder, "notes.zip");
  await writeFile(text, "These are my notes, and no backup.\n");
  await expectRefused(page, text, "This is not a backup: it is no zip file.");

  const other = path.join(folder, "photos.zip");
  const zip = new JSZip().file("photo.jpg", "no photo");
  await writeFile(other, await zip.generateAsync({ type: "nodebuffer" }));
  await expectRefused(page, other, "This is a zip file, but not a backup.");

  const whole = await makeBackup(page.request, folder, undefined, [
    { schema: "public", name: "products" },
  ]);
  const truncated = path.join(folder, "truncated.zip");
  const archive = await readFile(whole);
  await writeFile(truncated, archive.subarray(0, archive.length - 1000));
  await expectRefused(page, truncated, "This zip file is incomplete: its end is missing.");

  // The next file can be chosen at once, also by keyboard.
  const choose = page.getByRole("button", { name: "Choose a file" });
  const choosing = page.waitForEvent("filechooser");
  await choose.press("Enter");
  await (await choosing).setFiles(other);
  const alert = page
    .getByRole("alert")
    .filter({ hasText: "This is a zip file, but not a backup." });
  await expect(alert).toBeVisible();
  await expect(choose).toBeFocused();
  expect(uploads).toEqual([]);
});

async function expectRefused(page: Page, file: string, message: string) {
  await chooseFile(page, file);
  const alert = page.getByRole("alert").filter({ hasText: message });
  await expect(alert).toContainText("Nothing was uploaded.");
}

test("refuses an archive that was damaged or edited", async ({ page, folder }) => {
  const before = await dumpDatabase();
  const archive = await readFile(await makeBackup(page.request, folder));
  const entry = "tables/public.products.json";

  const damaged = path.join(folder, "damaged.zip");
  const nameAt = archive.indexOf(entry);
  const at = nameAt + entry.length + archive.readUInt16LE(nameAt - 2);
  const flipped = Buffer.from(archive);
  // Deflate has no block of this type.
  flipped.writeUInt8(archive.readUInt8(at) | 0b110, at);
  await writeFile(damaged, flipped);
  await expectRefusedByServer(page, damaged, "ARCHIVE_INVALID", "is damaged");

  // A person who knows zip files makes a valid one with another price.
  const edited = path.join(folder, "edited.zip");
  const zip = await JSZip.loadAsync(archive);
  const json = (await zip.file(entry)?.async("string")) ?? "";
  const cheaper = json.replace(/"price":"\d/, '"price":"0');
  expect(cheaper).not.toBe(json);
  zip.file(entry, cheaper, { createFolders: false });
  await writeFile(edited, await zip.generateAsync({ type: "nodebuffer", compression: "DEFLATE" }));
  await expectRefusedByServer(page, edited, "DIGEST_MISMATCH", "public.products");
  await expectDatabase(before);
});

async function expectRefusedByServer(page: Page, file: string, code: string, message: string) {
  await chooseFile(page, file);
  await page.getByRole("button", { name: "Upload this backup anyway" }).click();
  const alert = page.getByRole("alert").filter({ hasText: code });
  await expect(alert).toContainText("This restore has failed.");
  await expect(alert).toContainText("Nothing was changed.");
  await expect(alert).toContainText(message);
}
