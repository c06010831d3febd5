/** What a person does in a host's panel, whatever the host is like. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { APIRequestContext, Page } from "@playwright/test";
import { pgDumpText } from "../../../lib/testing/oracles.ts";
import { canOpenByHand, readArchive, readManifest, unlockKey } from "../../support/archive.ts";
import { expectDatabase } from "../../support/database.ts";
import {
  checkArchive,
  chooseEncryption,
  confirmRestore,
  downloadBackup,
  expectReady,
  expectRestored,
  signIn,
} from "../../support/panel.ts";
import { test as base, expect } from "../../support/test.ts";
import type { Host } from "./host.ts";
import type { App } from "./server.ts";

/** Nobody is signed in at first. */
export const test = base.extend({ storageState: { cookies: [], origins: [] } });
export { expect };

export interface Account {
  email: string;
  password: string;
}

const PASSPHRASE = "seven slow trams at dawn";

type Place = Pick<App, "url"> & Partial<Pick<App, "mount">>;

export const panelOf = ({ url, mount = "/admin/backup" }: Place): string => `${url}${mount}`;

/** By the app's own page, and on to where its sign-in page leads. */
export async function signInTo(page: Page, app: Place, account: Account) {
  await page.goto(`${app.url}/sign-in`);
  await signIn(page, account);
  await expect(page).not.toHaveURL(/sign-in/);
}

/** Signed out: nothing is told, neither by the page nor by a route. */
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

/** Signed in, but without the right. */
export async function expectForbidden(page: Page, app: App) {
  const overview = await page.request.get(`${panelOf(app)}/api/overview`);
  expect(overview.status()).toBe(403);
  await page.goto(panelOf(app));
  await expect(page.getByText("You may not use backups")).toBeVisible();
  await expect(page.getByRole("link", { name: "Create backup" })).toHaveCount(0);
}

/** From the panel's first page: a backup with a passphrase. @returns the file */
export async function backUp(page: Page, app: Place, folder: string): Promise<string> {
  await page.goto(panelOf(app));
  await page.getByRole("link", { name: "Create backup" }).click();
  await chooseEncryption(page, { mode: "passphrase", passphrase: PASSPHRASE });
  return downloadBackup(page, folder);
}

/** Looks inside a file, which needs a worker that the host's bundler made and its policy lets start; and uploads it. */
export async function prepare(page: Page, app: Place, file: string) {
  await page.goto(`${panelOf(app)}/restore`);
  await page.getByLabel("Backup file").setInputFiles(file);
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Look inside" }).click();
  await expect(page.getByText("This backup is fine.")).toBeVisible();
  await page.getByRole("link", { name: "Upload this backup" }).click();
  await expect(page.getByText("Uploaded", { exact: true })).toBeVisible();
  await checkArchive(page, {});
  await expectReady(page);
}

/** After an interruption: what was uploaded is still there. */
export async function restoreAgain(page: Page, host: Host) {
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Unlock it again" }).click();
  await expectReady(page);
  await confirmRestore(page, host.database);
  await expectRestored(page);
}

/** `doctor`, with the session of who is signed in, finds the app guarded and its uploads whole. @returns all findings' levels by code */
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

/** Its tables, by unzip, age, zstd and jq. @param tables `schema.table` → rows */
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
