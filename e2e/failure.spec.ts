/**
 * A restore that fails on a row: the page shows which row, by which constraint, what to do, and a report to pass on.
 */
import { readFile } from "node:fs/promises";
import { beginRestore, checkBackup, makeBackup } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { dumpDatabase, expectDatabase, query } from "./support/database.ts";
import { serverLog } from "./support/environment.ts";
import { operationPath } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("names table, key, constraint and remedy, on the page and in the report, and nowhere else", async ({
  page,
  context,
  folder,
}) => {
  await context.grantPermissions(["clipboard-read", "clipboard-write"]);
  const table = { schema: "public", name: "reviews" };
  const file = await makeBackup(page.request, folder, { mode: "none" }, [table]);
  // Give the same review another key, so that a merge by key treats the backup's row as new.
  const constraint = "reviews_product_id_customer_id_key";
  const [moved] = await query<{ was: string; is: string; text: string }>(
    `UPDATE reviews r SET id = gen_random_uuid() FROM (SELECT id FROM reviews LIMIT 1) old
     WHERE r.id = old.id RETURNING old.id AS was, r.id AS is, r.text`,
  );
  if (!moved) throw new Error("The shop has no reviews.");
  const before = await dumpDatabase();
  const scope = { mode: "keep-existing" as const, tables: [table] };
  const id = await checkBackup(page.request, file, { scope });

  // The page waits for nobody, but offers no restore that its trial run has found to fail.
  await beginRestore(page.request, id);
  await page.goto(operationPath(id));
  const failure = page.getByRole("alert").filter({ hasText: "This restore has failed." });
  await expect(failure).toContainText("Nothing was changed.");
  const place = [
    ["Table", "public.reviews"],
    ["Key", `id = ${moved.was}`],
    ["The row in its way", `id = ${moved.is}`],
    ["Constraint", constraint],
  ] as const;
  await expect(failure.getByRole("term")).toHaveText(place.map(([label]) => label));
  await expect(failure.getByRole("definition")).toHaveText(place.map(([, value]) => value));
  await expect(failure).toContainText("Change or remove the existing row");
  await expectAccessibleInBoth(page);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect.poll(() => page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);

  await failure.getByRole("button", { name: "Copy the error report" }).click();
  await expect(failure.getByRole("button", { name: "Copied" })).toBeVisible();
  const report = await page.evaluate(() => navigator.clipboard.readText());
  const [what, remedy, details = ""] = report.split("\n");
  expect(what).toMatch(/^error\[CONSTRAINT_VIOLATED\]: .*public\.reviews.* Nothing was changed\.$/);
  expect(what).toContain(constraint);
  expect(remedy).toMatch(/^Change or remove the existing row, /);
  expect(JSON.parse(details)).toMatchObject({
    table,
    constraint,
    key: `id = ${moved.was}`,
    conflictsWith: `id = ${moved.is}`,
  });
  expect(report).toContain(operationPath(id));
  expect(report).not.toContain(moved.text);
  const log = await readFile(serverLog(), "utf8");
  for (const secret of [moved.was, moved.is, moved.text]) {
    expect(`${what} ${remedy}`).not.toContain(secret);
    expect(log).not.toContain(secret);
  }
  await expectDatabase(before);
  await query("UPDATE reviews SET id = $1 WHERE id = $2", [moved.was, moved.is]);
});
