/** The insertion order as a picture: by mouse and by keyboard, in the overview, in the plan, and while it fills. */
import type { Locator, Page } from "@playwright/test";
import { checkBackup, makeBackup } from "./support/api.ts";
import { holdRestore } from "./support/database.ts";
import {
  expectRestored,
  goToChanges,
  goToConfirmation,
  operationPath,
  PANEL,
  startRestore,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const graphOf = (page: Page): Locator =>
  page.getByRole("application", { name: "Insertion order as a graph" });
const tableIn = (page: Page, table: string): Locator =>
  graphOf(page).locator(`[data-table="${table}"]`);
const selectionOf = (page: Page): Locator => page.getByRole("region", { name: "Selection" });
const viewBox = (page: Page) => graphOf(page).locator("svg").getAttribute("viewBox");

test("is moved, zoomed, searched and explored by mouse", async ({ page }) => {
  await page.goto(PANEL);
  const graph = graphOf(page);
  await graph.scrollIntoViewIfNeeded();
  await page.getByRole("button", { name: "Show all", exact: true }).click();
  await expect(tableIn(page, "public.orders")).toContainText("Order");
  await expect(graph).toContainText("Cycle of 2 tables");
  // Parents on the left.
  const left = async (table: string) => (await tableIn(page, table).boundingBox())?.x ?? 0;
  expect(await left("public.customers")).toBeLessThan(await left("public.orders"));
  expect(await left("public.orders")).toBeLessThan(await left("public.order_lines"));

  await tableIn(page, "public.orders").click();
  const selection = selectionOf(page);
  await expect(selection.getByRole("heading", { level: 3 })).toContainText("public.orders");
  await expect(selection.getByRole("list", { name: "Refers to" })).toContainText(
    /Customer.*Order\.customer \(.* → id, ON DELETE RESTRICT\)/,
  );
  const children = selection.getByRole("list", { name: "Is referred to by" });
  await expect(children).toContainText("ON DELETE CASCADE");
  await children.getByRole("button", { name: "OrderLine" }).click();
  await expect(selection.getByRole("heading", { level: 3 })).toContainText("public.order_lines");
  await expect(selection.getByRole("heading", { level: 3 })).toBeFocused();

  await page.getByRole("button", { name: "Show all", exact: true }).click();
  const before = await viewBox(page);
  const box = await graph.boundingBox();
  if (!box) throw new Error("It is visible.");
  await page.mouse.move(box.x + 30, box.y + 30);
  await page.mouse.down();
  await page.mouse.move(box.x + 130, box.y + 60, { steps: 3 });
  await page.mouse.up();
  const zoomOf = async () => box.width / Number((await viewBox(page))?.split(" ")[2]);
  const zoom = await zoomOf();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(zoomOf).toBeGreaterThan(zoom);
  const zoomedIn = await viewBox(page);
  await page.mouse.move(box.x + 200, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(box.x + 100, box.y + 150, { steps: 3 });
  await page.mouse.up();
  await expect.poll(() => viewBox(page)).not.toBe(zoomedIn);
  await page.getByRole("button", { name: "Show all", exact: true }).click();
  await expect.poll(() => viewBox(page)).toBe(before);

  const search = page.getByRole("searchbox", { name: "Find a table" });
  await search.fill("ment");
  await expect(page.getByText("5 tables found")).toBeVisible();
  const first = await viewBox(page);
  await search.press("Enter");
  await expect.poll(() => viewBox(page)).not.toBe(first);

  // The same, as text.
  await page.getByRole("radio", { name: "List" }).click();
  await expect(graph).toBeHidden();
  await page.reload();
  await expect(page.getByRole("radio", { name: "List" })).toBeChecked();
});

test("is walked through by keyboard", async ({ page }) => {
  await page.goto(PANEL);
  const graph = graphOf(page);
  await expect(graph).toBeVisible();
  await page.getByRole("radio", { name: "Graph" }).focus();
  await page.keyboard.press("Tab");
  await expect(graph).toBeFocused();
  const spoken = page.getByRole("status", { name: "Table" });
  await expect(spoken).toContainText("refers to 0 tables");

  const search = page.getByRole("searchbox", { name: "Find a table" });
  await search.fill("public.order_lines");
  await search.press("Tab");
  await page.keyboard.press("Tab");
  await expect(spoken).toContainText("OrderLine, public.order_lines");
  await page.keyboard.press("ArrowLeft");
  await expect(spoken).not.toContainText("OrderLine");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const heading = selectionOf(page).getByRole("heading", { level: 3 });
  await expect(heading).toBeVisible();
  const moved = await viewBox(page);
  await page.keyboard.press("+");
  await page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(() => viewBox(page)).not.toBe(moved);
  await page.keyboard.press("Escape");
  await expect(heading).toBeHidden();
});

test("is in the plan, fills during the run, and is a list on a phone", async ({ page, folder }) => {
  const id = await checkBackup(page.request, await makeBackup(page.request, folder));
  await using hold = await holdRestore();
  await page.goto(operationPath(id));
  await goToChanges(page);
  await expect(tableIn(page, "public.orders")).toContainText("2,000 rows");
  await goToConfirmation(page);
  await startRestore(page);
  const filling = (table: string) => tableIn(page, table).locator("[data-fraction]");
  await expect(filling("public.orders")).toHaveAttribute("data-fraction", "1.00");
  await expect(tableIn(page, "warehouse.shipment_lines")).toContainText(/0 of [\d,]+ rows/);
  await expect(filling("warehouse.shipment_lines")).toHaveCount(0);

  await page.setViewportSize({ width: 390, height: 844 });
  await expect(graphOf(page)).toBeHidden();
  await expect(page.getByRole("radio", { name: "List" })).toBeChecked();
  await page.setViewportSize({ width: 1280, height: 800 });
  await hold.release();
  await expectRestored(page);
  await expect(filling("warehouse.shipment_lines")).toHaveAttribute("data-fraction", "1.00");
});
