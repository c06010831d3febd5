/** Checks with axe, in light and dark mode, the pages that no other test checks. */
import { checkBackup, discard, makeBackup } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { expectDrawn, ORDER, selectionOf, tableIn } from "./support/graph.ts";
import { chooseFile, operationPath, PANEL } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("has no serious finding on its pages", async ({ page, folder }) => {
  const file = await makeBackup(page.request, folder);
  const restore = await checkBackup(page.request, file);

  await page.goto(PANEL);
  await expect(page.getByRole("list", { name: "Recent operations" })).toBeVisible();
  await expectAccessibleInBoth(page);

  await page.goto(ORDER);
  await expectDrawn(page);
  await tableIn(page, "public.orders").click();
  await expect(selectionOf(page).getByRole("list", { name: "Refers to" })).toBeVisible();
  await expectAccessibleInBoth(page);

  await page.goto(`${PANEL}/create`);
  await page.getByRole("button", { name: "Choose tables" }).click();
  await page.getByRole("button", { name: "Change encryption" }).click();
  await page.getByRole("radio", { name: "With a passphrase" }).click();
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await expectAccessibleInBoth(page);

  await chooseFile(page, file, { onlyLooks: true });
  await expect(page.getByText("This backup is fine.")).toBeVisible();
  await expectAccessibleInBoth(page);

  await page.goto(operationPath(restore));
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading the operation" })).toHaveCount(0);
  await expectAccessibleInBoth(page);
  await discard(page.request, restore);
  await expect(page.getByText("This restore was cancelled.")).toBeVisible();
  await expect(page.getByText(/^Cancelled by /)).toBeVisible();
  await expectAccessibleInBoth(page);
});
