/** Everything without a mouse: the keyboard reaches everything, the focus is visible, and it is never lost. */
import path from "node:path";
import type { Locator, Page } from "@playwright/test";
import { makeBackup } from "./support/api.ts";
import { dumpDatabase, expectDatabase, holdRestore, query } from "./support/database.ts";
import { expectReady, expectRestored, OPERATION, PANEL, tableProgress } from "./support/panel.ts";
import { DATABASE } from "./support/shop.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "keys only, no mouse at all";

test("backs up, rehearses, restores, and undoes by keyboard alone", async ({ page, folder }) => {
  const before = await dumpDatabase();
  await page.goto(PANEL);
  await expect(page.getByRole("region", { name: "Database", exact: true })).toBeVisible();
  await press(page, page.getByRole("link", { name: "Create backup" }), "Enter");

  await press(page, page.getByRole("button", { name: "Choose tables" }), "Enter");
  await press(page, page.getByRole("checkbox", { name: "Select all tables" }), "Space");
  await type(page, page.getByRole("searchbox", { name: "Find a table" }), "public.reviews");
  await press(page, page.getByRole("checkbox", { name: "public.reviews" }), "Space");
  await press(page, page.getByRole("button", { name: "Download", exact: true }), "Enter");
  // The focus is on what is missing.
  await expect(page.getByRole("checkbox", { name: "I have saved the passphrase" })).toBeFocused();
  await press(page, page.getByRole("button", { name: "Type my own" }), "Enter");
  await type(page, page.getByLabel("Passphrase", { exact: true }), PASSPHRASE);
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
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press("Enter");
  await expectReady(page);
  await expect(heading).toHaveText("Replace the data?");
  await expect(heading).toBeFocused();
  await press(page, page.getByRole("link", { name: "Change…" }), "Enter");
  await expect(heading).toHaveText("What should come back?");
  await expect(heading).toBeFocused();
  await focus(page, page.getByRole("radio", { name: "Replace", exact: true }));
  await choose(page, "ArrowDown", "Only into empty tables");
  await choose(page, "ArrowDown", "Merge, database wins");
  await choose(page, "ArrowDown", "Merge, backup wins");
  await choose(page, "ArrowDown", "Replace");
  await askAndKeep(page, "Discard this restore", "Keep it");
  await press(page, page.getByRole("button", { name: "Continue" }), "Enter");
  await expect(heading).toHaveText("Replace the data?");
  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();
  await expect(heading).toBeFocused();
  await press(page, page.getByRole("button", { name: "Repeat the trial run" }), "Enter");
  await expect(heading).toBeFocused();
  await expect(page.getByText("The trial run succeeded", { exact: true })).toBeVisible();
  await expect(heading).toBeFocused();
  await press(page, page.locator("summary").filter({ hasText: /^Show \d+ rows/ }), "Enter");
  await expect(page.getByText("Comes back", { exact: true }).first()).toBeVisible();
  await type(page, page.getByLabel("Database name"), DATABASE);
  await page.keyboard.press("Enter");
  await expectRestored(page);
  await expect(heading).toBeFocused();
  await expectDatabase(before);

  await press(page, page.getByRole("link", { name: "Receipt" }), "Enter");
  await expect(heading).toHaveText("Receipt of a restore");
  await expect(heading).toBeFocused();
  const receipt = page.waitForEvent("download");
  await press(page, page.getByRole("button", { name: "Download as JSON" }), "Enter");
  expect((await receipt).suggestedFilename()).toMatch(/\.json$/);
  const printing = page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        window.print = resolve;
      }),
  );
  await press(page, page.getByRole("button", { name: "Print" }), "Enter");
  await printing;
  await press(page, page.getByRole("button", { name: "Undo this restore" }), "Enter");
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  await page.keyboard.type(PASSPHRASE);
  await page.keyboard.press("Enter");
  await expectReady(page);
  await expect(heading).toBeFocused();
  await expect(heading).toHaveText("Undo the restore?");

  // Stop the restore in the middle, and go there with keys.
  await using hold = await holdRestore({ url: undefined, table: "reviews", row: "rating = 1" });
  await type(page, page.getByLabel("Database name"), DATABASE);
  await page.keyboard.press("Enter");
  await expect(tableProgress(page, "public.reviews")).toContainText("Running");
  await expect(heading).toBeFocused();
  await askAndKeep(page, "Cancel", "Go on");
  await focus(page, page.getByRole("switch", { name: "Tell me when it ends" }));
  await press(page, page.getByRole("button", { name: "Cancel" }), "Enter");
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("button", { name: "Yes, cancel it" })).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(page.getByText("This undo was cancelled.")).toBeVisible();
  await expect(heading).toBeFocused();
  await hold.release();
  await expectDatabase(before);
});

test("looks around by keyboard alone: order, activity, and rows of a backup", async ({
  page,
  folder,
}) => {
  const tables = [{ schema: "public", name: "categories" }];
  const file = await makeBackup(page.request, folder, { mode: "none" }, tables);
  const heading = page.getByRole("heading", { level: 1 });
  await page.goto(PANEL);
  await press(page, page.getByRole("link", { name: "All activity" }), "Enter");
  await expect(heading).toHaveText("Activity");
  await expect(heading).toBeFocused();
  await focus(page, page.getByRole("radio", { name: "All", exact: true }));
  await choose(page, "ArrowRight", "Backups");
  await type(page, page.getByRole("combobox", { name: "State" }), "Done");
  await expect(page).toHaveURL(`${PANEL}/activity?kind=backup&state=succeeded`);
  const search = page.getByRole("searchbox", { name: "File, person, id or sha256" });
  await type(page, search, "no such file");
  await press(page, page.getByRole("button", { name: "Show all operations" }), "Enter");
  await expect(page).toHaveURL(`${PANEL}/activity`);
  await expect(page.getByRole("heading", { level: 2 })).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(search).toBeFocused();
  await page.keyboard.type(path.basename(file, ".zip"));
  const operations = page.getByRole("list", { name: "Operations", exact: true });
  await expect(operations.getByRole("listitem")).toHaveCount(1);
  await press(page, operations.getByRole("link"), "Enter");
  await expect(page).toHaveURL(OPERATION);
  await expect(heading).toBeFocused();

  // The order: find it, follow its foreign keys in the picture, and read the same as a list.
  await press(page, page.getByRole("link", { name: "Database backup" }), "Enter");
  await expect(heading).toHaveText("Database backup");
  await expect(heading).toBeFocused();
  await press(page, page.getByRole("link", { name: "Show the table order" }), "Enter");
  await expect(heading).toHaveText("Table order");
  await expect(heading).toBeFocused();
  const graph = page.getByRole("application", { name: "Table order as a graph" });
  await expect(graph).toBeVisible();
  const finder = page.getByRole("searchbox", { name: "Find a table" });
  await type(page, finder, "public.order_lines");
  await press(page, graph, "Enter");
  const selection = page.getByRole("region", { name: "Selection" });
  const selected = selection.getByRole("heading", { level: 3 });
  await expect(selected).toContainText("public.order_lines");
  await focus(page, page.getByRole("button", { name: "Fit to width" }));
  const parents = selection.getByRole("list", { name: "Refers to" });
  await press(page, parents.getByRole("button", { name: "Order", exact: true }), "Enter");
  await expect(selected).toContainText("public.orders");
  await expect(selected).toBeFocused();
  await page.keyboard.press("Escape");
  await expect(selection).toBeHidden();
  await expect(graph).toBeFocused();
  await page.keyboard.press("Enter");
  await press(page, selection.getByRole("button", { name: "Clear the selection" }), "Enter");
  await expect(selection).toBeHidden();
  await expect(graph).toBeFocused();
  await page.keyboard.press("Shift+Tab");
  await expect(page.getByRole("radio", { name: "Graph" })).toBeFocused();
  await choose(page, "ArrowLeft", "List");
  await expect(graph).toBeHidden();
  const step = page.getByRole("listitem").filter({ hasText: "public.order_lines" });
  await expect(step.getByText(/ON DELETE CASCADE/).first()).toBeVisible();
  await choose(page, "ArrowRight", "Graph");
  await expect(graph).toBeVisible();

  // A row's dialog keeps the focus as long as it is open.
  await page.goto(`${PANEL}/restore`);
  await press(page, page.getByRole("switch", { name: /^Only look inside/ }), "Space");
  const choosing = page.waitForEvent("filechooser");
  await press(page, page.getByRole("button", { name: "Choose a file" }), "Enter");
  await (await choosing).setFiles(file);
  await expect(page.getByText("This backup is fine.")).toBeVisible();
  await expect(heading).toBeFocused();
  const show = page.getByRole("button", { name: "Show rows of Category" });
  await press(page, show, "Enter");
  const back = page.getByRole("button", { name: "All tables" });
  await expect(back).toBeFocused();
  const row = page.getByRole("grid", { name: "Rows of Category" }).getByRole("row").nth(1);
  await press(page, row, "Enter");
  const dialog = page.getByRole("dialog", { name: "Row 1 of public.categories" });
  await expect(dialog).toContainText('"id"');
  await expectTrapped(page, dialog);
  await page.keyboard.press("Escape");
  await expect(dialog).toBeHidden();
  await expect(row).toBeFocused();
  await press(page, row, "Enter");
  await press(page, dialog.getByRole("button", { name: "Close" }), "Space");
  await expect(dialog).toBeHidden();
  await expect(row).toBeFocused();
  await press(page, back, "Enter");
  await expect(show).toBeFocused();
});

/**
 * Chooses the next option of a group with an arrow. The key is held as long as by a finger, because the choice follows
 * the focus meanwhile.
 */
async function choose(page: Page, arrow: `Arrow${string}`, name: string) {
  await page.keyboard.down(arrow);
  const radio = page.getByRole("radio", { name, exact: true });
  await expect(radio).toBeChecked();
  await expect(radio).toBeFocused();
  await page.keyboard.up(arrow);
}

/** Opens a question and answers that everything stays, in both ways. The focus then returns to where it was. */
async function askAndKeep(page: Page, label: string, keepLabel: string) {
  // Restores that other tests left waiting have such a button above the page.
  const opener = page.getByRole("button", { name: label, exact: true }).last();
  const keep = page.getByRole("button", { name: keepLabel, exact: true });
  for (const key of ["Escape", "Enter"]) {
    await press(page, opener, "Enter");
    await expect(keep).toBeFocused();
    await page.keyboard.press(key);
    await expect(keep).toBeHidden();
    await expect(opener).toBeFocused();
  }
}

/** Expects that Tab goes through the whole dialog and to nothing behind it. */
async function expectTrapped(page: Page, dialog: Locator) {
  const seen = new Set<string>();
  for (let tabs = 0; tabs < 8; tabs++) {
    await page.keyboard.press("Tab");
    const [place, name] = await dialog.evaluate((element) => {
      const { activeElement, body } = document;
      const isIn = element.contains(activeElement);
      // After the last element, Tab reaches the browser's own buttons.
      const place = isIn ? "in" : activeElement === body ? "browser" : "behind";
      return [place, activeElement?.ariaLabel ?? activeElement?.textContent ?? ""];
    });
    expect(place, name).not.toBe("behind");
    if (place === "in") seen.add(name);
  }
  expect([...seen].toSorted()).toEqual(["Close", "Copy JSON", "The row as JSON"]);
}

/** Moves the focus there with Tab, from wherever it is, and expects it to be visible. */
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
