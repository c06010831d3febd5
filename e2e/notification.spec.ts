/** When a restore ends, it notifies the people who asked for it. */
import type { BrowserContext, Page } from "@playwright/test";
import { beginRestore, checkBackup, makeBackup } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { dumpDatabase, expectDatabase, holdRestore, query } from "./support/database.ts";
import { expectDrawn } from "./support/graph.ts";
import { expectRestored, operationPath, tableProgress } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

declare global {
  interface Window {
    shown: Array<{ title: string; body: string; click: () => void }>;
    asked: number;
    focused: number;
  }
}

/** Replaces the browser's own notifications, which show nothing without a desktop. Calls are stored for the test. */
const standIn = (context: BrowserContext, answer: NotificationPermission) =>
  context.addInitScript((permission) => {
    window.shown = [];
    window.asked = 0;
    window.focused = 0;
    window.focus = () => {
      window.focused += 1;
    };
    class Shown {
      static permission = "default";
      static requestPermission = async () => {
        window.asked += 1;
        Shown.permission = permission;
        return permission;
      };
      onclick: (() => void) | null = null;
      constructor(title: string, { body = "" }: NotificationOptions) {
        window.shown.push({ title, body, click: () => this.onclick?.() });
      }
      close() {}
    }
    Object.defineProperty(window, "Notification", { value: Shown });
  }, answer);

/** Begins a restore that waits while it loads, and goes on when the hold is released. */
async function beginHeldRestore(page: Page, folder: string) {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  const hold = await holdRestore();
  await beginRestore(page.request, id, { safetyBackup: false });
  await page.goto(operationPath(id));
  await expect(tableProgress(page, "public.order_lines")).toContainText("Running");
  return hold;
}

const theSwitch = (page: Page) => page.getByRole("switch", { name: "Tell me when it ends" });

test("notifies when a restore ends, and asks for that on a click only", async ({
  page,
  context,
  folder,
}) => {
  await standIn(context, "granted");
  await using hold = await beginHeldRestore(page, folder);
  await expect(theSwitch(page)).not.toBeChecked();
  expect(await page.evaluate(() => window.asked)).toBe(0);
  await expectDrawn(page);
  await expectAccessibleInBoth(page);
  await theSwitch(page).focus();
  await page.keyboard.press("Space");
  await expect(theSwitch(page)).toBeChecked();
  expect(await page.evaluate(() => window.asked)).toBe(1);
  expect(await page.evaluate(() => window.shown)).toEqual([]);

  await hold.release();
  await expectRestored(page);
  await expect.poll(() => page.evaluate(() => window.shown.length)).toBe(1);
  expect(await page.evaluate(() => window.shown[0])).toMatchObject({
    title: "Restore: Done",
    body: "The database was restored.",
  });
  await page.evaluate(() => window.shown[0]?.click());
  expect(await page.evaluate(() => window.focused)).toBe(1);
});

test("says that the browser refuses, and a failure by the title alone", async ({
  page,
  context,
  folder,
}) => {
  await standIn(context, "denied");
  const before = await dumpDatabase();
  await using hold = await beginHeldRestore(page, folder);
  await theSwitch(page).click();
  await expect(page.getByText(/does not allow notifications from this site/)).toBeVisible();
  await expect(theSwitch(page)).toBeDisabled();
  await expect(theSwitch(page)).not.toBeChecked();

  // Simulates a restart of the database in the middle.
  expect(
    await query(
      `SELECT pg_terminate_backend(pid) AS ended FROM pg_locks
       WHERE relation = 'order_lines'::regclass AND mode = 'AccessExclusiveLock' AND granted`,
    ),
  ).toEqual([{ ended: true }]);
  await expect(page).toHaveTitle("Failed · Restore · Alder & Finch");
  const failure = page.getByRole("alert").filter({ hasText: "This restore has failed." });
  await expect(failure).toContainText("Nothing was changed.");
  expect(await page.evaluate(() => window.shown)).toEqual([]);
  await expectAccessibleInBoth(page);
  await hold.release();
  await expectDatabase(before);
});
