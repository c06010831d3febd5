import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { expect, type Page } from "@playwright/test";
import JSZip from "jszip";

/** Drags files or folders from the disk over a part of the page and drops them, as a person does from the desktop. */
export async function dropOn(page: Page, label: string, files: string[]) {
  const target = page.getByRole("region", { name: label });
  await expect(target).toBeVisible();
  const box = await target.boundingBox();
  if (!box) throw new Error(`${label} has no place on the page.`);
  const client = await page.context().newCDPSession(page);
  const at = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  const data = { items: [], files, dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const) {
    await client.send("Input.dispatchDragEvent", { type, ...at, data });
  }
  await client.detach();
}

/** Writes a zip's entries as files. */
export async function unpack(zipFile: Buffer, folder: string) {
  const zip = await JSZip.loadAsync(zipFile);
  for (const entry of Object.values(zip.files)) {
    const file = path.join(folder, entry.name);
    await mkdir(path.dirname(file), { recursive: true });
    if (!entry.dir) await writeFile(file, await entry.async("nodebuffer"));
  }
}
