import { checkBackup, makeBackup } from "./support/api.ts";
import { operationPath, PANEL, rowOf } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("shows the database and the table order with its reasons", async ({ page }) => {
  await page.goto("/");
  await page
    .getByRole("navigation", { name: "Main" })
    .getByRole("link", { name: "Backup" })
    .click();
  await expect(page).toHaveURL(PANEL);

  const database = page.getByRole("region", { name: "Database", exact: true });
  await expect(database.getByRole("heading", { name: "shop" })).toBeVisible();
  await expect(database).toContainText("PostgreSQL 15");
  await expect(database).toContainText(/Tables2\d/);

  await expect(page).toHaveTitle("Database backup · Alder & Finch");

  await page.getByRole("link", { name: "Show the table order" }).click();
  const steps = page.locator("section[aria-label^='Level'] > ol > li");
  const step = (table: string) => rowOf(steps, table);
  // A relation, with its Prisma names.
  await expect(step("public.order_lines")).toContainText(
    /after public\.orders, because OrderLine\.order \(.* → id, ON DELETE CASCADE\) refers to it/,
  );
  // A cycle of two models, and one of a table with itself.
  await expect(step("public.departments")).toContainText("public.employees");
  await expect(step("public.departments")).toContainText(
    "Cycle of 2 tables: its foreign keys are dropped for the load",
  );
  await expect(step("public.departments")).toContainText(/Department\.head .* in the same cycle/);
  await expect(step("public.categories")).toContainText(/Category\.parent .* the same table/);
  await expect(step("public.categories")).toContainText(
    "Refers to itself: its foreign keys are dropped for the load",
  );
  // Two PostgreSQL schemas, and the table of an implicit many-to-many relation.
  await expect(step("warehouse.shipment_lines")).toContainText("after public.order_lines");
  await expect(step("public._ProductToTag")).toContainText("after public.products");

  const texts = await steps.allTextContents();
  const placeOf = (table: string) => texts.findIndex((text) => text.includes(table));
  expect(placeOf("public.customers")).toBeLessThan(placeOf("public.orders"));
  expect(placeOf("public.products")).toBeLessThan(placeOf("public.order_lines"));

  await page.getByRole("searchbox", { name: "Find a table" }).fill("stock");
  await expect(steps).toHaveCount(2);
});

test("says at first whether there is a backup, and of how much", async ({ page, folder }) => {
  await makeBackup(page.request, folder);
  await page.goto(PANEL);
  const last = page.getByText(/^Last backup: (just now|1 minute ago)/);
  await expect(last).toBeVisible();
  const main = page.getByRole("main");
  await expect(main).toContainText(/Downloaded by .+, .+[kM]B, all 2\d tables\./);
  // It comes before everything else.
  const heading = page.getByRole("heading", { name: "Recent operations" });
  expect((await last.boundingBox())?.y).toBeLessThan((await heading.boundingBox())?.y ?? 0);

  const part = await makeBackup(page.request, folder, { mode: "none" }, [
    { schema: "public", name: "reviews" },
  ]);
  await page.reload();
  await expect(page.getByText(/^Last backup: .+, only 1 of 2\d tables$/)).toBeVisible();
  await expect(page.getByText(/^Last backup of all tables: /)).toBeVisible();
  const listed = page
    .getByRole("list", { name: "Recent operations" })
    .getByRole("listitem")
    .first();
  await expect(listed).toContainText(/1 of 2\d tables/);
  await expect(listed).toContainText(/shop-[\d-]+Z-1-of-2\d-tables\.zip/);
  const id = part.match(/([^/]+)\.zip$/)?.[1] ?? "";
  await page.goto(operationPath(id));
  await expect(page.getByText(/^It holds only 1 of 2\d tables\.$/)).toBeVisible();
});

test("discards a restore that was left waiting, from any page", async ({ page, folder }) => {
  const restore = await checkBackup(page.request, await makeBackup(page.request, folder));
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${PANEL}/activity`);
  const waiting = page.getByRole("list", { name: "Operations under way" });
  await expect(waiting).toContainText("Restore: Waiting for confirmation");
  await expect(waiting).toContainText(/(just now|1 minute ago)/);
  await waiting.getByRole("button", { name: "Discard" }).first().click();
  await waiting.getByRole("button", { name: "Yes, discard it" }).click();
  await expect(waiting.locator(`a[href$="${restore}"]`)).toHaveCount(0);
});
