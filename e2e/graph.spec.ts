/** The insertion order as a picture, with mouse and keyboard: in the overview, in the plan, and during a restore. */
import type { Page } from "@playwright/test";
import { checkBackup, makeBackup } from "./support/api.ts";
import { holdRestore, query } from "./support/database.ts";
import {
  expectDrawn,
  type ForeignKey,
  graphOf,
  readForeignKeys,
  relatives,
  selectionOf,
  showAll,
  tableIn,
} from "./support/graph.ts";
import {
  expectReady,
  expectRestored,
  operationPath,
  PANEL,
  startRestore,
} from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const viewBox = (page: Page) => graphOf(page).locator("svg").getAttribute("viewBox");

/** The names of the shop's tables. */
const readTables = async (condition = "true"): Promise<string[]> =>
  (
    await query<{ name: string }>(
      `SELECT schemaname || '.' || tablename AS name FROM pg_tables
       WHERE schemaname IN ('public', 'warehouse') AND ${condition} ORDER BY 1`,
    )
  ).map(({ name }) => name);

interface Drawn {
  table: string;
  left: number;
  width: number;
  /** The bar that fills while the table is loaded. */
  barWidth: number;
  opacity: string;
  fill: string;
}

/** Reads every table from what the browser has drawn, by name. */
async function readDrawn(page: Page): Promise<Drawn[]> {
  const drawn = await graphOf(page)
    .locator("[data-table]")
    .evaluateAll((nodes) =>
      nodes.map((node) => {
        const { left, width } = node.getBoundingClientRect();
        const body = node.querySelector("rect[rx='8']");
        return {
          table: node.getAttribute("data-table") ?? "",
          left,
          width,
          barWidth: node.querySelector("[data-fraction]")?.getBoundingClientRect().width ?? 0,
          opacity: getComputedStyle(node).opacity,
          fill: body ? getComputedStyle(body).fill : "",
        };
      }),
    );
  return drawn.sort((a, b) => (a.table < b.table ? -1 : 1));
}

const isMutual = (keys: readonly ForeignKey[], { child, parent }: ForeignKey): boolean =>
  child !== parent && keys.some((key) => key.child === parent && key.parent === child);

/** Expects every table, one line for each pair joined by foreign keys, and parents on the left. */
async function expectPicture(page: Page, keys: readonly ForeignKey[]) {
  const drawn = await readDrawn(page);
  expect(drawn.map(({ table }) => table)).toEqual(await readTables());
  const lines = new Set(keys.map(({ child, parent }) => `${child} ${parent}`));
  await expect(graphOf(page).locator("[data-key]:not([data-table])")).toHaveCount(lines.size);
  const mutual = keys.filter((key) => isMutual(keys, key));
  expect(mutual).toHaveLength(4);
  await expect(graphOf(page).getByText("Cycle of 2 tables")).toHaveCount(mutual.length / 2);
  const lefts = new Map(drawn.map(({ table, left }) => [table, left]));
  const misplaced = keys
    .filter((key) => key.child !== key.parent && !isMutual(keys, key))
    .filter(({ child, parent }) => (lefts.get(parent) ?? 0) >= (lefts.get(child) ?? 0));
  expect(misplaced).toEqual([]);
}

/** Expects the table's foreign keys in words. Only the table and its neighbours are not faded. */
async function expectExplored(page: Page, table: string, keys: readonly ForeignKey[]) {
  await tableIn(page, table).click();
  const selection = selectionOf(page);
  await expect(selection.getByRole("heading", { level: 3 })).toContainText(table);
  const own = keys.filter(({ child, parent }) => child === table && parent === table);
  const parents = keys.filter((key) => key.child === table && !own.includes(key));
  const children = keys.filter((key) => key.parent === table && !own.includes(key));
  for (const [side, expected] of [
    ["Refers to", parents],
    ["Is referred to by", children],
  ] as const) {
    const texts = await selection.getByRole("list", { name: side }).locator("p").allTextContents();
    expect(texts.map((text) => text.slice(text.indexOf("("))).sort(), side).toEqual(
      expected.map(({ text }) => text).sort(),
    );
  }
  await expect(selection.getByText("Refers to itself", { exact: true })).toHaveCount(own.length);

  // The panel has taken some of the picture's room.
  await showAll(page);
  const near = [
    table,
    ...parents.map(({ parent }) => parent),
    ...children.map(({ child }) => child),
  ];
  const lit = (await readDrawn(page)).filter(({ opacity }) => opacity === "1");
  expect(lit.map((it) => it.table)).toEqual([...new Set(near)].sort());
  const lines = new Set(
    [...parents, ...children, ...own].map(({ child, parent }) => `${child} ${parent}`),
  );
  const opacities = await graphOf(page)
    .locator("[data-key]:not([data-table])")
    .evaluateAll((edges) => edges.map((edge) => getComputedStyle(edge).opacity));
  expect(opacities.filter((opacity) => opacity === "1")).toHaveLength(lines.size);
}

const EXPLORED = [
  "public.orders",
  "public.categories",
  "warehouse.shipment_lines",
  "warehouse.sites",
  "public.audit_events",
];

test("is moved, zoomed, searched and explored by mouse", async ({ page }) => {
  const keys = await readForeignKeys();
  await page.goto(PANEL);
  const graph = graphOf(page);
  await graph.scrollIntoViewIfNeeded();
  await expectDrawn(page);
  await expectPicture(page, keys);
  for (const table of EXPLORED) await expectExplored(page, table, keys);

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

  await page.keyboard.press("Escape");
  await expect(selection).toBeHidden();
  await showAll(page);
  const before = await viewBox(page);
  const boxOf = async () => {
    const box = await tableIn(page, "public.orders").boundingBox();
    if (!box) throw new Error("It is drawn.");
    return box;
  };
  // Measured on the screen: a quarter larger, then smaller again, then where the mouse dragged it.
  const small = await boxOf();
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(async () => (await boxOf()).width / small.width).toBeCloseTo(1.25, 2);
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect.poll(async () => (await boxOf()).width / small.width).toBeCloseTo(1, 2);
  for (let step = 0; step < 3; step++) await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(async () => (await boxOf()).width / small.width).toBeCloseTo(1.25 ** 3, 2);
  const still = await boxOf();
  const box = await graph.boundingBox();
  if (!box) throw new Error("It is visible.");
  await page.mouse.move(box.x + 300, box.y + 200);
  await page.mouse.down();
  await page.mouse.move(box.x + 260, box.y + 180, { steps: 3 });
  await page.mouse.up();
  await expect.poll(async () => (await boxOf()).x - still.x).toBeCloseTo(-40, 0);
  await expect.poll(async () => (await boxOf()).y - still.y).toBeCloseTo(-20, 0);
  await expect(selection).toBeHidden();
  await showAll(page);
  await expect.poll(() => viewBox(page)).toBe(before);

  const search = page.getByRole("searchbox", { name: "Find a table" });
  await search.fill("shipment_lines");
  await expect(page.getByText("1 table found")).toBeVisible();
  for (let step = 0; step < 3; step++) await page.getByRole("button", { name: "Zoom in" }).click();
  const isSeen = async (table: string) => {
    const { left, width } = (await readDrawn(page)).find((it) => it.table === table) ?? {};
    return left !== undefined && left >= box.x && left + (width ?? 0) <= box.x + box.width;
  };
  await search.fill("public.users");
  await expect.poll(() => isSeen("public.users")).toBe(true);
  await expect.poll(() => isSeen("warehouse.shipment_lines")).toBe(false);
  await search.fill("shipment_lines");
  await expect.poll(() => isSeen("warehouse.shipment_lines")).toBe(true);
  await search.fill("ment");
  await expect(page.getByText("5 tables found")).toBeVisible();
  await showAll(page);
  const drawn = await readDrawn(page);
  const plain = drawn.find(({ table }) => table === "public.users")?.fill;
  expect(drawn.filter(({ fill }) => fill !== plain).map(({ table }) => table)).toEqual(
    await readTables("tablename LIKE '%ment%'"),
  );
  const first = await viewBox(page);
  await search.press("Enter");
  await expect.poll(() => viewBox(page)).not.toBe(first);

  // The same order as text.
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
  const keys = await readForeignKeys();
  const id = await checkBackup(page.request, await makeBackup(page.request, folder));
  await using hold = await holdRestore();
  await page.goto(operationPath(id));
  await expectReady(page);
  await page.getByText("Table order", { exact: true }).click();
  await expect(tableIn(page, "public.orders")).toContainText("2,000 rows");
  await startRestore(page);
  const filling = (table: string) => tableIn(page, table).locator("[data-fraction]");
  await expect(filling("public.orders")).toHaveAttribute("data-fraction", "1.00");
  await expect(tableIn(page, "warehouse.shipment_lines")).toContainText(/0 of [\d,]+ rows/);
  // Order lines are being loaded. The tables that they refer to are full, and those that refer to them are empty.
  await showAll(page);
  const full = relatives(keys, "public.order_lines", "parent");
  expect(full.size).toBeGreaterThan(4);
  for (const table of full) {
    await expect(filling(table)).toHaveAttribute("data-fraction", "1.00");
  }
  await expect(tableIn(page, "public.order_lines").locator("[data-fraction='1.00']")).toHaveCount(
    0,
  );
  for (const table of relatives(keys, "public.order_lines", "child")) {
    await expect(filling(table)).toHaveCount(0);
  }
  const notFull = async () =>
    (await readDrawn(page)).filter((it) => it.barWidth < 0.95 * it.width).map((it) => it.table);
  await expect.poll(async () => (await notFull()).filter((it) => full.has(it))).toEqual([]);

  await page.setViewportSize({ width: 390, height: 844 });
  await expect(graphOf(page)).toBeHidden();
  await expect(page.getByRole("radio", { name: "List" })).toBeChecked();
  await page.setViewportSize({ width: 1280, height: 800 });
  await hold.release();
  await expectRestored(page);
  await expect(filling("warehouse.shipment_lines")).toHaveAttribute("data-fraction", "1.00");
  await showAll(page);
  await expect.poll(notFull).toEqual([]);
});
