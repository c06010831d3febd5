/**
 * `npm run screenshots`: takes the pictures for README and docs from the built app, and writes them to `docs/images`.
 */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { type Browser, chromium, type Page } from "@playwright/test";
import { ROOT } from "../scripts/run.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { LAUNCH } from "./support/browser.ts";
import { holdBackup, holdRestore } from "./support/database.ts";
import { tell } from "./support/environment.ts";
import {
  chooseEncryption,
  chooseFile,
  downloadBackup,
  expectRehearsed,
  expectRestored,
  goToReview,
  goToScope,
  holdUpload,
  makeAMess,
  PANEL,
  signIn,
  startRestore,
  tableProgress,
} from "./support/panel.ts";
import { startShop } from "./support/shop.ts";

const IMAGES = path.join(ROOT, "docs/images");
const WIDE = { width: 1280, height: 900 };
const NARROW = { width: 390, height: 844 };
const PASSPHRASE = "seven green boats at noon";

await mkdir(IMAGES, { recursive: true });
const folder = await mkdtemp(path.join(tmpdir(), "screenshots-"));
const shop = await startShop((chunk) => process.stderr.write(chunk));
tell(0, { url: shop.url, databaseUrl: shop.databaseUrl });
const browser = await chromium.launch(LAUNCH);
try {
  await takeAll(browser);
} finally {
  await browser.close();
  await shop.stop();
  await rm(folder, { recursive: true, force: true });
}

async function takeAll(browser: Browser): Promise<void> {
  const context = await browser.newContext({
    baseURL: shop.url,
    viewport: WIDE,
    locale: "en-GB",
    // No picture may be taken in the middle of an animation.
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  await page.goto("/");
  await signIn(page, SIGN_INS.admin);
  await page.getByText("Good to see you").waitFor();
  await take(page, "shop", ["light"]);

  await page.goto(`${PANEL}/create`);
  await page.getByRole("button", { name: "Copy passphrase" }).waitFor();
  await take(page, "create", ["light", "dark", "phone"]);
  await chooseEncryption(page, { mode: "passphrase", passphrase: PASSPHRASE });
  const holdOfBackup = await holdBackup();
  const downloading = downloadBackup(page, folder);
  await tableProgress(page, "warehouse.shipment_lines").getByText("Done").waitFor();
  await take(page, "backup-running", ["light", "dark", "phone"]);
  await holdOfBackup.release();
  const file = await downloading;
  await take(page, "backup-done", ["light", "dark"]);

  await page.goto(PANEL);
  await page.getByRole("heading", { name: "Table order" }).waitFor();
  await page.getByRole("list", { name: "Recent operations" }).waitFor();
  await page.getByText(/^Last backup: /).waitFor();
  await take(page, "overview", ["light", "dark", "phone"]);
  await page.goto(`${PANEL}/order`);
  await page.locator("svg text", { hasText: "Invoice" }).first().waitFor();
  await take(page, "insertion-order", ["light", "dark"]);

  await makeAMess(page);
  await chooseFile(page, file);
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Only look inside" }).click();
  await page.getByRole("button", { name: "Show rows of Product", exact: true }).waitFor();
  await page.getByText("This backup is fine.").waitFor();
  await take(page, "restore-inside", ["light", "dark", "phone"]);
  await page.getByRole("button", { name: "Show rows of Product", exact: true }).click();
  await page.getByRole("grid").getByRole("row").nth(5).waitFor();
  await take(page, "restore-rows", ["light", "dark"]);
  const releaseUpload = await holdUpload(page);
  await page.getByRole("button", { name: "Upload this backup" }).click();
  await page.getByText("Uploading", { exact: true }).waitFor();
  await take(page, "restore-upload", ["light"]);
  releaseUpload();
  await goToScope(page);
  await take(page, "restore-scope", ["light", "dark", "phone"]);
  await goToReview(page);
  await expectRehearsed(page);
  await page.getByText(/tables that change$/).waitFor();
  await take(page, "restore-confirm", ["light", "dark", "phone"]);
  await page.getByText(/tables that change$/).click();
  const tables = page.getByRole("heading", { name: "Tables", exact: true });
  await tables.evaluate((heading) => heading.scrollIntoView());
  await take(page, "restore-changes", ["light", "dark", "phone"]);
  const holdOfRestore = await holdRestore();
  await startRestore(page);
  const running = tableProgress(page, "public.order_lines");
  await running.getByText("Running").waitFor();
  await take(page, "restore-running", ["light", "dark", "phone"]);
  await holdOfRestore.release();
  await expectRestored(page);
  await page.evaluate(() => window.scrollTo(0, 0));
  await take(page, "restore-done", ["light", "dark", "phone"]);
  await page.getByRole("link", { name: "Receipt" }).click();
  await page.getByRole("heading", { name: "Receipt of a restore" }).waitFor();
  await take(page, "receipt", ["light", "phone"]);
  await page.goto(`${PANEL}/activity`);
  await page.getByRole("heading", { name: "Activity" }).waitFor();
  await page.getByText("2 operations", { exact: true }).waitFor();
  await take(page, "activity", ["light", "dark"]);
  await context.close();
}

async function take(page: Page, name: string, looks: Array<"light" | "dark" | "phone">) {
  for (const look of looks) {
    await page.setViewportSize(look === "phone" ? NARROW : WIDE);
    await page.emulateMedia({ colorScheme: look === "dark" ? "dark" : "light" });
    await page.mouse.move(0, 0);
    await page.screenshot({
      path: path.join(IMAGES, `${name}-${look}.png`),
      animations: "disabled",
      caret: "hide",
    });
  }
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: "light" });
}
