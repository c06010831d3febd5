/** What a person does in the shop and in the panel, step by step. */
import path from "node:path";
import { expect, type Locator, type Page } from "@playwright/test";
import type { EncryptionChoice, Unlock } from "../../lib/shared/api.ts";
import { DATABASE } from "./shop.ts";

export const PANEL = "/admin/backup";
/** The page of an operation, or of a step of it. */
export const OPERATION = /\/operations\/([0-9a-f-]{36})(?:\/\w+)?$/;

export async function signIn(page: Page, account: { email: string; password: string }) {
  await page.getByLabel("E-mail").fill(account.email);
  await page.getByLabel("Password").fill(account.password);
  await page.getByRole("button", { name: "Sign in" }).click();
}

export const operationPath = (id: string): string => `${PANEL}/operations/${id}`;

/** The entry of a table in a list, by `schema.name`. */
export const rowOf = (list: Locator, table: string): Locator =>
  list.filter({ has: list.page().getByText(table, { exact: true }) });

export const tableProgress = (page: Page, table: string): Locator =>
  rowOf(page.getByRole("list", { name: "Progress per table" }).getByRole("listitem"), table);

export async function chooseEncryption(page: Page, encryption: EncryptionChoice) {
  const { mode } = encryption;
  const choices = page.getByRole("radiogroup", { name: "Encryption" });
  if (!(await choices.isVisible())) {
    await page.getByRole("button", { name: "Change encryption" }).click();
  }
  switch (mode) {
    case "passphrase":
      await page.getByRole("radio", { name: "With a passphrase" }).click();
      await page.getByRole("button", { name: "Type my own" }).click();
      await page.getByLabel("Passphrase", { exact: true }).fill(encryption.passphrase);
      await page.getByLabel("Repeat passphrase").fill(encryption.passphrase);
      return;
    case "recipients":
      await page.getByRole("radio", { name: "For age public keys" }).click();
      await page
        .getByRole("textbox", { name: "Public keys" })
        .fill(encryption.recipients.join("\n"));
      return;
    case "none":
      await page.getByRole("radio", { name: "Not encrypted" }).click();
      await page.getByRole("checkbox", { name: /^I understand/ }).click();
      return;
    default:
      throw mode satisfies never;
  }
}

/** Submits the form and waits for the whole file. */
export async function downloadBackup(page: Page, folder: string): Promise<string> {
  const downloading = page.waitForEvent("download");
  await page.getByRole("button", { name: "Download", exact: true }).click();
  const download = await downloading;
  await expect(page).toHaveURL(OPERATION);
  const file = path.join(folder, download.suggestedFilename());
  await download.saveAs(file);
  await expect(page.getByText("The backup is complete.", { exact: true })).toBeVisible();
  return file;
}

interface Choice {
  /** Nothing is uploaded by itself. */
  onlyLooks?: boolean;
}

/** Chooses a file on the restore page. An unencrypted one is then checked and uploaded by itself. */
export async function chooseFile(page: Page, file: string, { onlyLooks = false }: Choice = {}) {
  await page.goto(`${PANEL}/restore`);
  if (onlyLooks) await page.getByRole("switch", { name: /^Only look inside/ }).click();
  await page.getByLabel("Backup file").setInputFiles(file);
}

/** Keeps what is sent of uploads until it is released, so that the page stays at the upload. */
export async function holdUpload(page: Page) {
  const released = Promise.withResolvers<void>();
  await page.route("**/api/uploads/*", async (route) => {
    if (route.request().method() === "PATCH") await released.promise;
    await route.continue();
  });
  return released.resolve;
}

/** Makes the page's browser one without workers: only the server can open a backup. */
export const refuseWorkers = (page: Page) =>
  page.addInitScript(() => {
    Object.defineProperty(window, "Worker", {
      value: class {
        constructor() {
          throw new Error("refused");
        }
      },
    });
  });

/** Gives what opens the chosen backup. It is then checked and uploaded by itself, and checked by the server. */
export async function openChosen(page: Page, unlock: Unlock) {
  if (unlock.passphrase) {
    await page.getByLabel("Passphrase", { exact: true }).fill(unlock.passphrase);
  }
  if (unlock.identity) await page.getByLabel("Private key", { exact: true }).fill(unlock.identity);
  if (Object.keys(unlock).length > 0) {
    await page.getByRole("button", { name: "Check this backup" }).click();
  }
}

/** Expects a checked restore at its review, whatever its trial run is doing. */
export async function expectReady(page: Page) {
  await expect(page).toHaveURL(/\/operations\/[0-9a-f-]{36}\/changes$/);
  await expect(page.getByRole("heading", { name: "Checks" })).toBeVisible();
}

/** Waits at the review for the end of the trial run, which begins by itself. */
export async function expectRehearsed(page: Page) {
  await expectReady(page);
  await expect(page.getByText(/^The trial run (succeeded|failed)$/)).toBeVisible();
}

export async function prepareRestore(page: Page, file: string, unlock: Unlock = {}) {
  await chooseFile(page, file);
  await openChosen(page, unlock);
  await expectReady(page);
}

/** Goes from the review to the choice of what comes back. */
export async function goToScope(page: Page) {
  await expectReady(page);
  await page.getByRole("link", { name: /^Change(…| what comes back)$/ }).click();
  await expect(page).toHaveURL(/\/scope$/);
  await expect(page.getByRole("heading", { name: "What should come back?" })).toBeVisible();
}

/** Goes back from there with what was chosen. */
export async function goToReview(page: Page) {
  await page.getByRole("button", { name: "Continue" }).click();
  await expectReady(page);
}

/** Confirms the restore, and does not wait for its trial run. */
export async function startRestore(page: Page, database = DATABASE) {
  await page.getByLabel("Database name").fill(database);
  await page
    .getByRole("button", { name: /^(Restore|Undo the restore|(Restore|Undo) anyway)$/ })
    .click();
}

/** Confirms the restore as soon as it is checked. */
export async function confirmRestore(page: Page, database = DATABASE) {
  await expectReady(page);
  await startRestore(page, database);
}

export async function expectRestored(page: Page) {
  await expect(page.getByText("The database was restored.", { exact: true })).toBeVisible();
}

/** Presses the shop's button. */
export async function makeAMess(page: Page) {
  await page.goto("/");
  await page.getByRole("button", { name: "Make a mess" }).click();
  await page.getByRole("button", { name: "Yes, make the mess" }).click();
  await expect(page.getByText(/^Done\. .* orders and/)).toBeVisible();
}

/** Reads the key figures from the shop's first page. */
export async function readShop(page: Page): Promise<string[]> {
  await page.goto("/");
  return page.getByRole("main").getByRole("definition").allTextContents();
}
