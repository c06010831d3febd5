/** How much a person has to do for a restore, on a wide screen and on a phone. */
import type { Locator, Page } from "@playwright/test";
import { makeBackup } from "./support/api.ts";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import { expectReady, expectRestored, holdUpload, PANEL } from "./support/panel.ts";
import { DATABASE } from "./support/shop.ts";
import { expect, test } from "./support/test.ts";

const PASSPHRASE = "count every single click";

/** Counts from now on, through every navigation. */
async function countWork(page: Page) {
  const work = { clicks: 0, fields: new Set<string>() };
  await page.exposeFunction("noteClick", () => {
    work.clicks += 1;
  });
  await page.exposeFunction("noteField", (field: string) => work.fields.add(field));
  await page.addInitScript(() => {
    const { noteClick, noteField } = window as unknown as {
      noteClick: () => void;
      noteField: (field: string) => void;
    };
    addEventListener("pointerdown", () => noteClick(), true);
    addEventListener(
      "input",
      ({ target }) => {
        if (target instanceof HTMLInputElement && target.type !== "file") {
          noteField(`${location.pathname} ${target.id}`);
        }
      },
      true,
    );
  });
  return work;
}

/** Clicks what is in sight without scrolling. */
async function click(target: Locator) {
  await expect(target).toBeInViewport({ ratio: 1 });
  await target.click();
}

for (const width of [1280, 390]) {
  test(`restores in at most five clicks and two typed fields, ${width} pixels wide`, async ({
    page,
    folder,
  }) => {
    const encryption = { mode: "passphrase", passphrase: PASSPHRASE } as const;
    const file = await makeBackup(page.request, folder, encryption);
    const before = await dumpDatabase();
    await query("DELETE FROM reviews WHERE rating < 3");
    await page.setViewportSize({ width, height: 844 });
    const work = await countWork(page);
    const release = await holdUpload(page);

    await page.goto(PANEL);
    await click(page.getByRole("link", { name: "Restore a backup" }));
    const choosing = page.waitForEvent("filechooser");
    await click(page.getByRole("button", { name: "Choose a file" }));
    await (await choosing).setFiles(file);
    await expect(page.getByLabel("Passphrase", { exact: true })).toBeFocused();
    await page.keyboard.type(PASSPHRASE);
    await click(page.getByRole("button", { name: "Check this backup" }));
    await expect(page.getByRole("button", { name: "Cancel upload" })).toBeInViewport({ ratio: 1 });
    release();

    await expectReady(page);
    await click(page.getByLabel("Database name"));
    await page.keyboard.type(DATABASE);
    await click(page.getByRole("button", { name: /^Restore( anyway)?$/ }));
    await expectRestored(page);
    await expectDatabase(before);

    expect(work.clicks).toBeLessThanOrEqual(5);
    expect(work.clicks, "clicks are counted").toBeGreaterThan(3);
    expect(work.fields.size, [...work.fields].join(", ")).toBe(2);
  });
}
