/** Every page in every state: narrow, light, dark, without motion. The console stays silent, as in all tests. */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import type { Locator, Page } from "@playwright/test";
import { checkBackup, makeBackup } from "./support/api.ts";
import { holdRestore } from "./support/database.ts";
import { expectDrawn, ORDER, tableIn } from "./support/graph.ts";
import {
  chooseFile,
  expectRehearsed,
  goToReview,
  goToScope,
  holdUpload,
  operationPath,
  PANEL,
  startRestore,
  tableProgress,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test.use({ viewport: { width: 390, height: 844 } });

test("fits a phone, light and dark", async ({ page, folder, browserConsole }) => {
  const file = await makeBackup(page.request, folder);
  const restore = await checkBackup(page.request, file);

  for (const shopPage of ["/", "/orders", "/orders/7", "/customers", "/products"]) {
    await page.goto(shopPage);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expectToFit(page);
  }

  const answer = Promise.withResolvers<void>();
  await page.route("**/api/overview", async (route) => {
    await answer.promise;
    await route.continue();
  });
  await page.goto(PANEL);
  const reading = page.getByRole("status").filter({ hasText: "Reading the database" });
  await expectMotion(page, { pulsing: [reading.locator("[aria-hidden]").first()] });
  answer.resolve();
  await expect(page.getByRole("link", { name: "Show the table order" })).toBeVisible();
  await expectToFit(page);

  await page.goto(`${PANEL}/create`);
  await page.getByRole("button", { name: "Choose tables" }).click();
  await page.getByRole("button", { name: "Change encryption" }).click();
  for (const mode of ["For age public keys", "Not encrypted", "With a passphrase"]) {
    await page.getByRole("radio", { name: mode }).click();
    await page.getByRole("button", { name: "Download", exact: true }).click();
    await expectToFit(page);
  }
  await page.getByRole("button", { name: "Type my own" }).click();
  await expectToFit(page);

  await page.goto(`${PANEL}/restore`);
  await expect(page.getByText("Drop a backup here")).toBeVisible();
  await expectToFit(page);
  const text = path.join(folder, `${"a-long-name-".repeat(12)}.zip`);
  await writeFile(text, "no backup");
  await chooseFile(page, text);
  await expect(page.getByText("Nothing was uploaded.")).toBeVisible();
  await expectToFit(page);
  const release = await holdUpload(page);
  await chooseFile(page, file);
  await expect(page.getByText("Uploading", { exact: true })).toBeVisible();
  await expectToFit(page);
  await page.getByRole("button", { name: "Cancel upload" }).click();
  release();
  await expect(page.getByText("The upload was cancelled. Nothing was changed.")).toBeVisible();
  await expectToFit(page);

  await page.goto(operationPath(restore));
  await goToScope(page);
  await page.getByRole("radio", { name: "Chosen tables" }).click();
  await page.getByRole("checkbox", { name: "public.order_lines" }).click();
  await expect(page.getByRole("button", { name: "Add them" })).toBeVisible();
  await expectToFit(page);
  await page.getByRole("radio", { name: "Everything" }).click();
  await goToReview(page);
  await expectRehearsed(page);
  await page.getByText(/without change$/).click();
  await expectToFit(page);
  await using hold = await holdRestore();
  await startRestore(page);
  await expect(tableProgress(page, "public.order_lines")).toContainText("Running");
  await expectToFit(page);
  await page.setViewportSize({ width: 1280, height: 844 });
  const graph = page.getByRole("application", { name: "Table order as a graph" });
  await expectMotion(page, {
    pulsing: [page.getByRole("list", { name: "Steps" }).locator("[aria-current] svg")],
    gliding: [
      page.getByRole("progressbar", { name: "Overall progress" }).locator("> *"),
      tableProgress(page, "public.order_lines").getByRole("progressbar").locator("> *"),
      graph.locator('[data-table="public.orders"] [data-fraction]'),
    ],
  });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.getByRole("button", { name: "Cancel" }).click();
  await expectToFit(page);
  await page.getByRole("button", { name: "Yes, cancel it" }).click();
  await expect(page.getByText("This restore was cancelled.")).toBeVisible();
  await expectToFit(page);
  await hold.release();

  browserConsole.expectStatus(404);
  await page.goto(`${PANEL}/operations/unknown`);
  await expect(page.getByText("There is no such operation")).toBeVisible();
  await expectToFit(page);
  await page.goto(`${PANEL}/nowhere`);
  await expect(page.getByText("There is no such page")).toBeVisible();
  await expectToFit(page);

  await page.goto(ORDER);
  await expect(page.getByRole("heading", { name: "Level 0" })).toBeVisible();
  await expectToFit(page);
  await page.getByRole("radio", { name: "Graph" }).click();
  await expectDrawn(page);
  await expectToFit(page);
  await tableIn(page, "public.orders").click();
  await expectToFit(page);
});

test("fits a phone when signed out", async ({ browser, browserConsole }) => {
  const context = await browser.newContext({
    viewport: { width: 390, height: 844 },
    storageState: { cookies: [], origins: [] },
  });
  browserConsole.watch(context);
  const page = await context.newPage();
  await page.goto("/");
  await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
  await expectToFit(page);
  await context.close();
});

async function expectToFit(page: Page) {
  const backgrounds = new Set<string>();
  for (const colorScheme of ["light", "dark"] as const) {
    await page.emulateMedia({ colorScheme });
    const { content, window, background } = await page.evaluate(() => ({
      content: document.documentElement.scrollWidth,
      window: document.documentElement.clientWidth,
      background: getComputedStyle(document.body).backgroundColor,
    }));
    expect(content, `${page.url()} scrolls sideways`).toBeLessThanOrEqual(window);
    backgrounds.add(background);
  }
  expect(backgrounds.size, "light and dark differ").toBe(2);
}

interface Moving {
  /** Elements that pulse all the time. */
  pulsing: Locator[];
  /** Elements that glide when their width changes. */
  gliding?: Locator[];
}

/** Expects that these elements move, and that nothing moves for people who have asked for reduced motion. */
async function expectMotion(page: Page, { pulsing, gliding = [] }: Moving) {
  for (const reducedMotion of ["no-preference", "reduce"] as const) {
    await page.emulateMedia({ reducedMotion });
    const moves = reducedMotion === "no-preference";
    for (const it of pulsing) await expect.poll(() => pulses(it), String(it)).toBe(moves);
    for (const it of gliding) await expect.poll(() => glides(it), String(it)).toBe(moves);
  }
  const running = () =>
    page.evaluate(() =>
      document
        .getAnimations()
        .filter(({ playState }) => playState === "running")
        .map((animation) => String((animation as CSSAnimation).animationName ?? animation.id)),
    );
  await expect.poll(running).toEqual([]);
  await page.emulateMedia({ reducedMotion: "no-preference" });
}

const pulses = (it: Locator): Promise<boolean> =>
  it.evaluate((element) =>
    element
      .getAnimations()
      .some(
        ({ playState, effect }) =>
          playState === "running" && Number(effect?.getComputedTiming().duration) > 0,
      ),
  );

const glides = (it: Locator): Promise<boolean> =>
  it.evaluate((element: HTMLElement | SVGElement) => {
    const { width } = element.style;
    for (const step of ["1px", "20px"]) {
      element.style.width = step;
      element.getBoundingClientRect();
    }
    const isOnItsWay = element
      .getAnimations()
      .some((it) => it instanceof CSSTransition && it.transitionProperty === "width");
    element.style.width = width;
    return isOnItsWay;
  });
