/** The backup way: how many clicks it takes, what proves the file, and how it reads in other languages and zones. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import type { Page } from "@playwright/test";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { makeBackup } from "./support/api.ts";
import { canOpenByHand, readArchive, unlockKey } from "./support/archive.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { chooseEncryption, downloadBackup, OPERATION, PANEL } from "./support/panel.ts";
import { ADMIN, expect, test } from "./support/test.ts";

const PHONE = { width: 390, height: 844 };
const WIDE = { width: 1280, height: 800 };

/** Counts what a hand does from now on, as long as the page is not loaded anew. */
async function countEffort(page: Page): Promise<() => Promise<{ clicks: number; keys: number }>> {
  await page.evaluate(() => {
    const effort = { clicks: 0, keys: 0 };
    addEventListener("pointerdown", (event) => event.isTrusted && effort.clicks++, true);
    addEventListener("keydown", (event) => event.isTrusted && effort.keys++, true);
    Object.assign(globalThis, { effort });
  });
  return () => page.evaluate(() => (globalThis as unknown as { effort: never }).effort);
}

const download = (page: Page) => page.getByRole("button", { name: "Download", exact: true });

/** Expects that the page's main button can be pressed without scrolling, on a phone and on a desk. */
async function expectInSight(page: Page, name: string, role: "button" | "link" = "button") {
  for (const viewport of [WIDE, PHONE]) {
    await page.setViewportSize(viewport);
    await page.evaluate(() => scrollTo(0, 0));
    await expect(page.getByRole(role, { name, exact: true })).toBeInViewport({ ratio: 1 });
  }
}

async function save(page: Page, folder: string): Promise<string> {
  const downloading = page.waitForEvent("download");
  await download(page).click();
  const saved = await downloading;
  const file = path.join(folder, saved.suggestedFilename());
  await saved.saveAs(file);
  await expect(page.getByText("The backup is complete.", { exact: true })).toBeVisible();
  return file;
}

test("takes four clicks with a new passphrase, and the saved file can be checked", async ({
  page,
  context,
  folder,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  await page.goto(PANEL);
  await expectInSight(page, "Create backup", "link");
  const effort = await countEffort(page);
  await page.getByRole("link", { name: "Create backup" }).click();
  await expect(page).toHaveTitle("Create backup · Alder & Finch");
  const passphrase = page.getByRole("status", { name: "New passphrase" });
  await expect(passphrase).toHaveText(/^([a-z]{3,8}-){5}[a-z]{3,8}$/);
  const words = await passphrase.innerText();
  await expectInSight(page, "Download");
  await page.getByRole("button", { name: "Copy passphrase" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(words);
  await page.getByRole("checkbox", { name: "I have saved the passphrase" }).click();
  const file = await save(page, folder);
  expect(await effort()).toEqual({ clicks: 4, keys: 0 });
  await expect(page).toHaveTitle("Done · Backup · Alder & Finch");

  await expect(page.getByText(path.basename(file)).first()).toBeVisible();
  await expect(page.getByText(words)).toHaveCount(0);
  await expectInSight(page, "Check the saved file");
  await page.getByLabel("Saved file").setInputFiles(file);
  await expect(page.getByText("The saved file is right.")).toBeVisible();
  await expectAccessibleInBoth(page);
  const damaged = await readFile(file);
  damaged[1000] = (damaged[1000] ?? 0) ^ 1;
  const other = path.join(folder, "damaged.zip");
  await writeFile(other, damaged);
  await page.getByLabel("Saved file").setInputFiles(other);
  await expect(page.getByText("This is not the file that was made.")).toBeVisible();
  await expect(page.getByText("The saved file is right.")).toHaveCount(0);
  await writeFile(other, damaged.subarray(5000));
  await page.getByLabel("Saved file").setInputFiles(other);
  await expect(page.getByText(/instead of/)).toBeVisible();

  if (canOpenByHand()) {
    await unlockKey(file, words, folder);
    expect((await readArchive(file, folder)).size).toBeGreaterThan(20);
  }
});

test("takes two clicks with the public keys of the last time", async ({ page, folder }) => {
  const recipient = await identityToRecipient(await generateX25519Identity());
  await page.goto(`${PANEL}/create`);
  await chooseEncryption(page, { mode: "recipients", recipients: [recipient] });
  await downloadBackup(page, folder);

  await page.goto(PANEL);
  const effort = await countEffort(page);
  await page.getByRole("link", { name: "Create backup" }).click();
  await expect(page.getByRole("textbox", { name: "Public keys" })).toHaveValue(recipient);
  await expectInSight(page, "Download");
  await expectAccessibleInBoth(page);
  await save(page, folder);
  expect(await effort()).toEqual({ clicks: 2, keys: 0 });
});

const READERS = [
  {
    locale: "en-US",
    timezoneId: "America/New_York",
    moment: /^[A-Z][a-z]{2} \d{1,2}, \d{4}(,| at) \d{1,2}:\d\d\s[AP]M E[SD]T$/,
  },
  {
    locale: "de-DE",
    timezoneId: "Europe/Berlin",
    moment: /^\d{1,2}\. \p{L}+\.? \d{4}(,| um) \d\d:\d\d ME(S)?Z$/u,
  },
];

for (const { locale, timezoneId, moment } of READERS) {
  test(`shows times with their zone, and numbers, as is usual in ${locale}`, async ({
    browser,
    page,
    folder,
    browserConsole,
  }) => {
    await makeBackup(page.request, folder);
    const context = await browser.newContext({ storageState: ADMIN, locale, timezoneId });
    browserConsole.watch(context);
    const reader = await context.newPage();
    await reader.goto(PANEL);
    const time = reader.locator("time").first();
    await expect(time).toHaveText(moment);
    const date = new Date((await time.getAttribute("datetime")) ?? "");
    const hour = new Intl.DateTimeFormat(locale, {
      hour: "numeric",
      minute: "2-digit",
      timeZone: timezoneId,
    }).format(date);
    expect((await time.innerText()).replaceAll(/\s/g, " ")).toContain(hour.replaceAll(/\s/g, " "));
    const rows = reader
      .getByRole("region", { name: "Database", exact: true })
      .getByRole("definition")
      .last();
    const shown = await rows.innerText();
    expect(shown).toBe(Number(shown.replaceAll(/\D/g, "")).toLocaleString(locale));
    expect(shown).toMatch(locale === "de-DE" ? /\d\.\d/ : /\d,\d/);

    await reader.getByRole("link", { name: /^Details of shop-[\d-]+Z\.zip$/ }).click();
    await expect(reader).toHaveURL(OPERATION);
    await expect(reader.getByText("The backup is complete.", { exact: true })).toBeVisible();
    const text = await reader.getByRole("main").innerText();
    expect(text).not.toMatch(/\b1 (tables|rows|sequences)\b/);
    // A unit never stands alone at the beginning of a line.
    expect(text).not.toMatch(/\d (kB|MB|B|s|min|%)(?!\w)/);
    await context.close();
  });
}
