import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "@playwright/test";
import { requireTool, shell } from "../lib/testing/oracles.ts";
import { discard } from "./support/api.ts";
import { databaseUrl, serverFolder, serverLog } from "./support/environment.ts";
import {
  chooseEncryption,
  chooseFile,
  downloadBackup,
  expectReady,
  OPERATION,
  openChosen,
  PANEL,
  refuseWorkers,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "umbrella-7-quartz-window";
const WRONG = "umbrella-8-quartz-window";

test("keeps a passphrase nowhere", async ({ page, folder, browserConsole }) => {
  browserConsole.expectStatus(422);
  // Files of other tests: uploads that were not restored, and safety backups.
  const others = await listFiles(serverFolder());
  const urls: string[] = [];
  page.on("request", (request) => urls.push(request.url()));
  page.on("framenavigated", (frame) => urls.push(frame.url()));

  await page.goto(`${PANEL}/create`);
  await page.getByRole("button", { name: "Choose tables" }).click();
  await page.getByRole("checkbox", { name: "Select all tables" }).click();
  await page.getByRole("checkbox", { name: "public.reviews" }).click();
  await chooseEncryption(page, { mode: "passphrase", passphrase: PASSPHRASE });
  await expectNothingStored(page);
  const file = await downloadBackup(page, folder);
  await expectNothingStored(page);

  await chooseFile(page, file);
  await openChosen(page, { passphrase: WRONG });
  await expect(page.getByRole("alert").filter({ hasText: "Wrong passphrase." })).toBeVisible();
  await openChosen(page, { passphrase: PASSPHRASE });
  await expectReady(page);
  await expectNothingStored(page);
  await discard(page.request, OPERATION.exec(page.url())?.[1] ?? "");

  // If the browser cannot look into the backup, the server gets the wrong passphrase as well.
  await refuseWorkers(page);
  await chooseFile(page, file);
  const passphrase = page.getByLabel("Passphrase", { exact: true });
  await passphrase.fill(WRONG);
  await page.getByRole("button", { name: "Upload and check" }).click();
  await expect(page.getByRole("alert").filter({ hasText: "WRONG_PASSPHRASE" })).toBeVisible();
  await expect(passphrase).toBeFocused();
  await expectNothingStored(page);
  await passphrase.fill(PASSPHRASE);
  await page.getByRole("button", { name: "Check backup" }).click();
  await expectReady(page);
  await expectNothingStored(page);

  expectNoSecret(urls.join("\n"), "addresses");
  expectNoSecret(await readFile(serverLog(), "utf8"), "server's output");
  if (requireTool("pg_dump")) {
    expectNoSecret(await shell(`pg_dump '${databaseUrl()}'`, folder), "database");
  }
  await discard(page.request, OPERATION.exec(page.url())?.[1] ?? "");
  const left = (await listFiles(serverFolder())).filter((file) => !others.includes(file));
  expect(left, "left on the server").toEqual([]);
});

async function expectNothingStored(page: Page) {
  const stored = await page.evaluate(() =>
    JSON.stringify([{ ...localStorage }, { ...sessionStorage }]),
  );
  expectNoSecret(stored, "the browser's storage");
}

function expectNoSecret(text: string, where: string) {
  for (const secret of [PASSPHRASE, WRONG]) {
    for (const form of [secret, Buffer.from(secret).toString("base64").slice(0, 20)]) {
      expect(text.includes(form), where).toBe(false);
    }
  }
}

async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
