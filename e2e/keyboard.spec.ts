/** Backup and restore without a mouse. */
import path from "node:path";
import type { Locator, Page } from "@playwright/test";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import { expectReady, expectRestored, OPERATION, PANEL } from "./support/panel.ts";
import { DATABASE } from "./support/shop.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "keys only, no mouse at all";

test("backs up and restores by keyboard alone", async ({ page, folder }) => {
  const before = await dumpDatabase();
  await page.goto(PANEL);
  await expect(page.getByRole("region", { name: "Database", exact: true })).toBeVisible();
  await press(page, page.getByRole("link", { name: "Create backup" }), "Enter");

  await expect(page.getByRole("radio", { name: "All tables" })).toBeVisible();
  await focus(page, page.getByRole("radio", { name: "All tables" }));
  // Held as long as a finger does: the choice follows the focus while the key is down.
  await page.keyboard.down("ArrowDown");
  await expect(page.getByRole("radio", { name: "Choose tables" })).toBeChecked();
  await page.keyboard.up("ArrowDown");
  await press(page, page.getByRole("checkbox", { name: "Select all tables" }), "Space");
  await type(page, page.getByRole("searchbox", { name: "Find a table" }), "public.reviews");
  await press(page, page.getByRole("checkbox", { name: "public.reviews" }), "Space");
  await press(page, page.getByRole("button", { name: "Start backup" }), "Enter");
  // What is missing has the focus.
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  await page.keyboard.type(PASSPHRASE);
  await type(page, page.getByLabel("Repeat passphrase"), PASSPHRASE);
  const downloading = page.waitForEvent("download");
  await page.keyboard.press("Enter");
  const file = path.join(folder, "reviews.zip");
  await (await downloading).saveAs(file);
  await expect(page).toHaveURL(OPERATION);
  await expect(page.getByText("The backup is complete.", { exact: true })).toBeVisible();

  await query("DELETE FROM reviews WHERE rating > 1");
  await press(page, page.getByRole("link", { name: "Database backup" }), "Enter");
  await press(page, page.getByRole("link", { name: "Restore a backup" }), "Enter");
  const choosing = page.waitForEvent("filechooser");
  await press(page, page.getByRole("button", { name: "Choose a file" }), "Enter");
  await (await choosing).setFiles(file);
  const heading = page.getByRole("heading", { level: 1 });
  await expect(heading).toBeFocused();
  await type(page, page.getByLabel("Passphrase", { exact: true }), PASSPHRASE);
  await page.keyboard.press("Enter");
  await expect(page.getByText("This backup is fine.")).toBeVisible();
  await press(page, page.getByRole("link", { name: "Upload this backup" }), "Enter");
  await expect(page.getByText("Uploaded", { exact: true })).toBeVisible();
  await press(page, page.getByRole("button", { name: "Check backup" }), "Enter");
  await expectReady(page);
  await press(page, page.getByRole("checkbox", { name: "Rehearse it first" }), "Space");
  await press(page, page.getByRole("button", { name: "Continue" }), "Enter");
  await expect(heading).toHaveText("What will change?");
  await expect(heading).toBeFocused();
  await press(page, page.getByRole("link", { name: "Continue" }), "Enter");
  await expect(heading).toHaveText("Replace the data?");
  await expect(heading).toBeFocused();
  await type(page, page.getByLabel("Database name"), DATABASE);
  await page.keyboard.press("Enter");
  await expectRestored(page);
  await expectDatabase(before);
});

/** Goes there by Tab, from wherever the focus is, and sees where it is. */
async function focus(page: Page, target: Locator) {
  await expect(target).toBeVisible();
  for (let tabs = 0; tabs < 100; tabs++) {
    if (await target.evaluate((element) => element === document.activeElement)) {
      const isMarked = await target.evaluate((element) => {
        const { boxShadow, outlineStyle } = getComputedStyle(element);
        return boxShadow !== "none" || outlineStyle !== "none";
      });
      expect(isMarked, "the focus is seen").toBe(true);
      return;
    }
    await page.keyboard.press("Tab");
  }
  throw new Error(`Tab does not lead to ${target}`);
}

async function press(page: Page, target: Locator, key: string) {
  await focus(page, target);
  await page.keyboard.press(key);
}

async function type(page: Page, target: Locator, text: string) {
  await focus(page, target);
  await page.keyboard.type(text);
}
