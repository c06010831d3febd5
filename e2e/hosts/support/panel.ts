/** What a person does in the panel of any host. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { APIRequestContext, Page } from "@playwright/test";
import { pgDumpText } from "../../../lib/testing/oracles.ts";
import { canOpenByHand, readArchive, readManifest, unlockKey } from "../../support/archive.ts";
import { expectDatabase } from "../../support/database.ts";
import {
  chooseEncryption,
  confirmRestore,
  downloadBackup,
  expectReady,
  expectRestored,
  openChosen,
  signIn,
} from "../../support/panel.ts";
import { test as base, expect } from "../../support/test.ts";
import type { Host } from "./host.ts";
import type { App } from "./server.ts";

/** Each test begins without a session. */
export const test = base.extend({ storageState: { cookies: [], origins: [] } });
export { expect };

export interface Account {
  email: string;
  password: string;
}

const PASSPHRASE = "seven slow trams at dawn";

type Place = Pick<App, "url"> & Partial<Pick<App, "mount">>;

export const panelOf = ({ url, mount = "/admin/backup" }: Place): string => `${url}${mount}`;

/** Signs in on the app's own page, and goes to where that page leads. */
export async function signInTo(page: Page, app: Place, account: Account) {
  await page.goto(`${app.url}/sign-in`);
  await signIn(page, account);
  await expect(page).not.toHaveURL(/sign-in/);
}

/** Expects that without a session neither the page nor a route reveals anything. */
export async function expectClosed(request: APIRequestContext, app: App) {
  const page = await request.get(panelOf(app), { maxRedirects: 0 });
  expect(page.status()).toBe(307);
  expect(page.headers().location).toMatch(/\/sign-?in\?/);
  for (const route of ["overview", "operations", "uploads"]) {
    expect((await request.get(`${panelOf(app)}/api/${route}`)).status(), route).toBe(401);
  }
  const posted = await request.post(`${panelOf(app)}/api/backups`, {
    data: { encryption: { mode: "none" } },
    headers: { origin: new URL(app.url).origin },
  });
  expect(posted.status()).toBe(401);
}

/** Expects a refusal for a person who is signed in but lacks the right. */
export async function expectForbidden(page: Page, app: App) {
  const overview = await page.request.get(`${panelOf(app)}/api/overview`);
  expect(overview.status()).toBe(403);
  await page.goto(panelOf(app));
  await expect(page.getByText("You may not use backups")).toBeVisible();
  await expect(page.getByRole("link", { name: "Create backup" })).toHaveCount(0);
}

/** Makes a backup with a passphrase, from the panel's first page. @returns the file */
export async function backUp(page: Page, app: Place, folder: string): Promise<string> {
  await page.goto(panelOf(app));
  await page.getByRole("link", { name: "Create backup" }).click();
  await chooseEncryption(page, { mode: "passphrase", passphrase: PASSPHRASE });
  return downloadBackup(page, folder);
}

/**
 * Has a file checked and uploaded. To check it in the browser needs a worker that the host's bundler made and its policy
 * allows. Without one, the button is another.
 */
export async function prepare(page: Page, app: Place, file: string) {
  await page.goto(`${panelOf(app)}/restore`);
  await page.getByLabel("Backup file").setInputFiles(file);
  await openChosen(page, { passphrase: PASSPHRASE });
  await expectReady(page);
}

/** Restores again after an interruption. The upload still exists. */
export async function restoreAgain(page: Page, host: Host) {
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Unlock it again" }).click();
  await expectReady(page);
  await confirmRestore(page, host.database);
  await expectRestored(page);
}

/**
 * Runs `doctor` with the current session, and expects that the app is guarded and its uploads arrive completely.
 * @returns the levels of all findings by code
 */
export async function examine(
  page: Page,
  { host, app, folder }: { host: Host; app: App; folder: string },
): Promise<Record<string, string>> {
  const cookieFile = path.join(folder, "cookie.txt");
  const cookies = await page.context().cookies(app.url);
  await writeFile(cookieFile, cookies.map(({ name, value }) => `${name}=${value}`).join("; "));
  const session = ["--app", panelOf(app), "--cookie-file", cookieFile];
  const { wouldFail, findings } = JSON.parse(
    await host.run("prisma-backup", "doctor", "--json", ...session),
  );
  const levels = Object.fromEntries(
    findings.map(({ code, level }: { code: string; level: string }) => [code, level]),
  );
  expect(wouldFail).toBe(false);
  expect(levels).toMatchObject({ GUARD: "ok", BODIES: "ok" });
  return levels;
}

async function restore(page: Page, app: Place, host: Host, file: string) {
  await prepare(page, app, file);
  await confirmRestore(page, host.database);
  await expectRestored(page);
}

/** Download, mess, upload, everything back. @param mess SQL @returns the backup */
export async function bringBack(
  page: Page,
  { host, app, mess, folder }: { host: Host; app: App; mess: string; folder: string },
): Promise<string> {
  const before = await pgDumpText(host.databaseUrl);
  const file = await backUp(page, app, folder);
  await host.query(mess);
  expect((await pgDumpText(host.databaseUrl)) === before, "the mess is one").toBe(false);
  await restore(page, app, host, file);
  await expectDatabase(before, host.databaseUrl);
  return file;
}

/** Expects these tables in a file, using unzip, age, zstd and jq. @param tables `schema.table` → rows */
export async function expectOpensByHand(
  file: string,
  folder: string,
  tables: Record<string, number>,
) {
  if (!canOpenByHand()) return;
  await unlockKey(file, PASSPHRASE, folder);
  const rows = Object.fromEntries(await readArchive(file, folder));
  expect(rows).toMatchObject(tables);
  const manifest = await readManifest(file, folder);
  expect(manifest.encryption).toBe("passphrase");
  expect(
    Object.fromEntries(manifest.tables.map((it) => [`${it.schema}.${it.name}`, it.rows])),
  ).toEqual(rows);
}
