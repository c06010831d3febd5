/** A restore tells when it ends, to whom has asked for it. */
import type { BrowserContext, Page } from "@playwright/test";
import { checkBackup, makeBackup, startRestore } from "./support/api.ts";
import { expectAccessible } from "./support/axe.ts";
import { holdRestore } from "./support/database.ts";
import { operationPath, tableProgress } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

declare global {
  interface Window {
    shown: Array<{ title: string; body: string; click: () => void }>;
    asked: number;
    focused: number;
  }
}

/** The browser's own, which shows nothing without a desktop: what it is asked is kept for the test. */
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

/** Loads, and goes on when the returned hold is released. */
async function beginHeldRestore(page: Page, folder: string) {
  const file = await makeBackup(page.request, folder);
  const id = await checkBackup(page.request, file);
  const hold = await holdRestore();
  const ending = startRestore(page.request, id, { safetyBackup: false });
  await page.goto(operationPath(id));
  await expect(tableProgress(page, "public.order_lines")).toContainText("Running");
  return {
    async release() {
      await hold.release();
      await ending;
      await expect(page.getByText("The database was restored.", { exact: true })).toBeVisible();
    },
    [Symbol.asyncDispose]: hold[Symbol.asyncDispose],
  };
}

const theSwitch = (page: Page) => page.getByRole("switch", { name: "Tell me when it ends" });

test("notifies when a restore ends, and asks for that on a click only", async ({
  page,
  context,
  folder,
}) => {
  await standIn(context, "granted");
  await using restore = await beginHeldRestore(page, folder);
  await expect(theSwitch(page)).not.toBeChecked();
  expect(await page.evaluate(() => window.asked)).toBe(0);
  await expectAccessible(page);
  await theSwitch(page).focus();
  await page.keyboard.press("Space");
  await expect(theSwitch(page)).toBeChecked();
  expect(await page.evaluate(() => window.asked)).toBe(1);
  expect(await page.evaluate(() => window.shown)).toEqual([]);

  await restore.release();
  await expect.poll(() => page.evaluate(() => window.shown.length)).toBe(1);
  expect(await page.evaluate(() => window.shown[0])).toMatchObject({
    title: "Restore: Done",
    body: "The database was restored.",
  });
  await page.evaluate(() => window.shown[0]?.click());
  expect(await page.evaluate(() => window.focused)).toBe(1);
});

test("says that the browser refuses, and stays silent", async ({ page, context, folder }) => {
  await standIn(context, "denied");
  await using restore = await beginHeldRestore(page, folder);
  await theSwitch(page).click();
  await expect(page.getByText(/does not allow notifications of this site/)).toBeVisible();
  await expect(theSwitch(page)).toBeDisabled();
  await expect(theSwitch(page)).not.toBeChecked();
  await restore.release();
  expect(await page.evaluate(() => window.shown)).toEqual([]);
});
