/** The insertion order as a picture, with mouse and keyboard: on its page, in the plan, and during a restore. */
import type { Locator, Page } from "@playwright/test";
import { checkBackup, makeBackup } from "./support/api.ts";
import { holdRestore, query } from "./support/database.ts";
import {
  expectDrawn,
  type ForeignKey,
  graphOf,
  ORDER,
  readForeignKeys,
  relatives,
  selectionOf,
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

/** The drawing's width on the screen. */
const widthOf = async (page: Page): Promise<number> => (await boxOf(drawingOf(page))).width;
const drawingOf = (page: Page): Locator => graphOf(page).locator("svg:has([data-table])");

async function boxOf(locator: Locator) {
  const box = await locator.boundingBox();
  if (!box) throw new Error("It is drawn.");
  return box;
}

/** How far the page is scrolled down, and the box of the drawing to the right. */
const scrolled = async (page: Page) => ({
  page: await page.evaluate(() => window.scrollY),
  box: await graphOf(page).evaluate(({ scrollLeft }) => scrollLeft),
});

const fitWidth = (page: Page): Promise<void> =>
  page.getByRole("button", { name: "Fit to width" }).click();

async function zoomIn(page: Page, times: number) {
  for (let time = 0; time < times; time++) {
    await page.getByRole("button", { name: "Zoom in" }).click();
  }
}

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

test("is explored by mouse", async ({ page }) => {
  const keys = await readForeignKeys();
  await page.goto(PANEL);
  await page.getByRole("link", { name: "Show the table order" }).click();
  await expect(page).toHaveURL(ORDER);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Table order");
  await expect(page.getByRole("heading", { level: 1 })).toBeFocused();
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
  await expect(tableIn(page, "public.order_lines")).toBeInViewport();
  await page.keyboard.press("Escape");
  await expect(selection).toBeHidden();

  // The same order as text.
  await page.getByRole("radio", { name: "List" }).click();
  await expect(graphOf(page)).toBeHidden();
  await page.reload();
  await expect(page.getByRole("radio", { name: "List" })).toBeChecked();
  await page.getByRole("link", { name: "Database backup", exact: true }).click();
  await expect(page).toHaveURL(PANEL);
});

test("fits when it opens, is zoomed by buttons, and leaves the wheel to the page", async ({
  page,
}) => {
  await page.goto(ORDER);
  await expectDrawn(page);
  const box = await boxOf(graphOf(page));
  const fitted = await boxOf(drawingOf(page));
  expect(fitted.x).toBeGreaterThanOrEqual(box.x);
  expect(fitted.x + fitted.width).toBeLessThanOrEqual(box.x + box.width);
  expect(fitted.width).toBeGreaterThan(0.9 * box.width);
  expect(fitted.y + fitted.height).toBeLessThanOrEqual(box.y + box.height);

  // The wheel, with the pointer in the picture: fitted, and zoomed in. Nothing moves but the page.
  const turnWheel = async (dx: number, dy: number) => {
    const before = await scrolled(page);
    await page.mouse.move(box.x + box.width / 2, 500);
    await page.mouse.wheel(dx, dy);
    return before;
  };
  await turnWheel(0, 200);
  await expect.poll(() => scrolled(page)).toEqual({ page: 200, box: 0 });
  await turnWheel(0, -200);
  await expect.poll(() => scrolled(page)).toEqual({ page: 0, box: 0 });

  await zoomIn(page, 3);
  await expect.poll(async () => (await widthOf(page)) / fitted.width).toBeCloseTo(1.25 ** 3, 2);
  const { box: left } = await turnWheel(0, 300);
  expect(left).toBeGreaterThan(100);
  await expect.poll(async () => (await scrolled(page)).page).toBeGreaterThan(250);
  const { page: top } = await turnWheel(120, 0);
  await expect.poll(() => scrolled(page)).toEqual({ page: top, box: left + 120 });
  expect(await widthOf(page)).toBeCloseTo(1.25 ** 3 * fitted.width, 0);

  // What is in the middle stays there.
  const middle = async () => {
    const { x, y, width, height } = await boxOf(drawingOf(page));
    const { innerHeight } = await page.evaluate(() => ({ innerHeight: window.innerHeight }));
    return [(box.x + box.width / 2 - x) / width, (innerHeight / 2 - y) / height];
  };
  const [across = 0, down = 0] = await middle();
  await page.getByRole("button", { name: "Zoom out" }).click();
  await expect.poll(async () => (await widthOf(page)) / fitted.width).toBeCloseTo(1.25 ** 2, 2);
  expect((await middle())[0]).toBeCloseTo(across, 2);
  expect((await middle())[1]).toBeCloseTo(down, 2);
  await fitWidth(page);
  await expect.poll(() => widthOf(page)).toBeCloseTo(fitted.width, 1);

  // A selection makes the box narrower, but not the drawing.
  await tableIn(page, "warehouse.shipment_lines").click();
  await expect(selectionOf(page)).toBeVisible();
  expect((await boxOf(graphOf(page))).width).toBeLessThan(box.width - 200);
  expect(await widthOf(page)).toBeCloseTo(fitted.width, 1);
  await expect(tableIn(page, "warehouse.shipment_lines")).toBeInViewport({ ratio: 0.9 });
  await zoomIn(page, 3);
  await expect.poll(async () => (await widthOf(page)) / fitted.width).toBeCloseTo(1.25 ** 3, 2);
  await expect(tableIn(page, "warehouse.shipment_lines")).toBeInViewport({ ratio: 0.9 });
});

test("is searched: what matches is marked, and Enter goes from one to the next", async ({
  page,
}) => {
  await page.goto(ORDER);
  await expectDrawn(page);
  const search = page.getByRole("searchbox", { name: "Find a table" });
  await search.fill("ment");
  await expect(page.getByText("5 tables found")).toBeVisible();
  const drawn = await readDrawn(page);
  const plain = drawn.find(({ table }) => table === "public.users")?.fill;
  expect(drawn.filter(({ fill }) => fill !== plain).map(({ table }) => table)).toEqual(
    await readTables("tablename LIKE '%ment%'"),
  );
  // The page stays with the input while one types.
  expect(await scrolled(page)).toEqual({ page: 0, box: 0 });

  await zoomIn(page, 6);
  await search.fill("public.users");
  await search.press("Enter");
  await expect(tableIn(page, "public.users")).toBeInViewport({ ratio: 0.9 });
  await expect(tableIn(page, "warehouse.shipment_lines")).not.toBeInViewport();
  await search.fill("shipment_lines");
  await expect(page.getByText("1 table found")).toBeVisible();
  await search.press("Enter");
  await expect(tableIn(page, "warehouse.shipment_lines")).toBeInViewport({ ratio: 0.9 });
  await expect(tableIn(page, "public.users")).not.toBeInViewport();
  await search.fill("ment");
  await search.press("Enter");
  const first = await scrolled(page);
  await search.press("Enter");
  await expect.poll(() => scrolled(page)).not.toEqual(first);
});

test("is walked through by keyboard", async ({ page }) => {
  await page.goto(ORDER);
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
  await expect(tableIn(page, "public.order_lines")).toBeInViewport({ ratio: 0.9 });
  await page.keyboard.press("ArrowLeft");
  await expect(spoken).not.toContainText("OrderLine");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  const heading = selectionOf(page).getByRole("heading", { level: 3 });
  await expect(heading).toBeVisible();
  const fitted = await widthOf(page);
  for (let press = 0; press < 3; press++) await page.keyboard.press("+");
  await expect.poll(async () => (await widthOf(page)) / fitted).toBeCloseTo(1.25 ** 3, 2);
  const before = await scrolled(page);
  await page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(async () => (await scrolled(page)).box).toBe(before.box - 80);
  await page.keyboard.press("Shift+ArrowUp");
  await expect.poll(async () => (await scrolled(page)).page).toBe(before.page - 80);
  await page.keyboard.press("0");
  await expect.poll(() => widthOf(page)).toBeCloseTo(fitted, 1);
  await page.keyboard.press("Escape");
  await expect(heading).toBeHidden();
  await expect(graph).toBeFocused();
});

test("is a page with its own states", async ({ page, browserConsole }) => {
  browserConsole.expectNoConnection();
  await page.route("**/api/overview", (route) => route.abort());
  await page.goto(ORDER);
  await expect(page.getByRole("status").filter({ hasText: "Reading the database" })).toBeVisible();
  await expect(
    page.getByRole("region", { name: "Database backup" }).getByRole("alert"),
  ).toContainText("The server could not be reached.");
  await page.unroute("**/api/overview");
  await page.getByRole("button", { name: "Try again" }).click();
  await expectDrawn(page);

  // A phone shows the list first, and the graph when it is asked for.
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(graphOf(page)).toBeHidden();
  await expect(page.getByRole("heading", { name: "Level 0" })).toBeInViewport();
  await page.getByRole("radio", { name: "Graph" }).click();
  await expectDrawn(page);
  const box = await boxOf(graphOf(page));
  expect((await boxOf(drawingOf(page))).width).toBeLessThanOrEqual(box.width);
  await tableIn(page, "public.orders").click();
  await expect(selectionOf(page)).toBeInViewport();
  await expect
    .poll(async () => {
      const table = await boxOf(tableIn(page, "public.orders"));
      return table.y + table.height < (await boxOf(selectionOf(page))).y;
    })
    .toBe(true);
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
  // The result begins with the rows before and after, which the graph does not show.
  await expect(page.getByRole("columnheader", { name: /before/i })).toBeVisible();
  await expect(graphOf(page)).toBeHidden();
  await page.getByRole("radio", { name: "Graph" }).click();
  await expect(filling("warehouse.shipment_lines")).toHaveAttribute("data-fraction", "1.00");
  await expect.poll(notFull).toEqual([]);
});
