/** A restore that was a mistake: everything as it was before, and the undo undone as well. */
import type { Page } from "@playwright/test";
import { checkBackup, makeBackup, startRestore } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import { operationPath } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "back to where we came from";

test("undoes a restore, and undoes that", async ({ page, folder, browserConsole }) => {
  const encryption = { mode: "passphrase", passphrase: PASSPHRASE } as const;
  const file = await makeBackup(page.request, folder, encryption);
  await query("UPDATE products SET name = name || ' (renamed)' WHERE id % 2 = 0");
  await query("DELETE FROM reviews WHERE rating < 3");
  await query("SELECT nextval('audit_events_id_seq')");
  const before = await dumpDatabase();
  const restore = await checkBackup(page.request, file, { passphrase: PASSPHRASE });
  await startRestore(page.request, restore);
  const restored = await dumpDatabase();
  expect(restored).not.toBe(before);

  await page.goto(operationPath(restore));
  await expect(page.getByText("The database was restored.", { exact: true })).toBeVisible();
  await expectAccessibleInBoth(page);
  await page.getByRole("button", { name: "Undo this restore" }).click();
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  browserConsole.expectStatus(422);
  await page.keyboard.type("this is not the one");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("alert").filter({ hasText: "WRONG_PASSPHRASE" })).toBeVisible();
  await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
  const undo = await prepareUndo(page, restore);
  expect(undo).not.toBe(restore);
  await expect(page.getByRole("link", { name: /^the restore of / })).toHaveAttribute(
    "href",
    operationPath(restore),
  );
  await startRestore(page.request, undo);
  await expectDatabase(before);

  await page.goto(operationPath(undo));
  await page.getByRole("button", { name: "Undo this restore" }).click();
  await startRestore(page.request, await prepareUndo(page, undo));
  await expectDatabase(restored);
});

/** @returns the id of the restore that undoes it */
async function prepareUndo(page: Page, id: string): Promise<string> {
  await page.getByLabel("Passphrase", { exact: true }).fill(PASSPHRASE);
  await page.getByRole("button", { name: "Prepare the undo" }).click();
  await expect(page).not.toHaveURL(new RegExp(id));
  const [, undo] = page.url().match(/\/operations\/([0-9a-f-]{36})/) ?? [];
  if (!undo) throw new Error(`${page.url()} is of no operation.`);
  return undo;
}

test("says that there is nothing to undo with where none was kept", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  await startRestore(page.request, id, { safetyBackup: false });
  await page.goto(operationPath(id));
  await expect(page.getByText(/^No safety backup was made/)).toBeVisible();
  await expect(page.getByRole("button", { name: "Undo this restore" })).toHaveCount(0);
});
