import { PANEL, rowOf } from "./support/panel.ts";
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
