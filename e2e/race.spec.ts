import { checkBackup, discard, makeBackup } from "./support/api.ts";
import { dumpDatabase, expectDatabase, holdRestore, query } from "./support/database.ts";
import { expectReady, expectRestored, operationPath, startRestore } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test("lets one of two tabs restore, and shows it to the other", async ({
  page,
  context,
  folder,
  browserConsole,
}) => {
  browserConsole.expectStatus(409);
  const before = await dumpDatabase();
  const file = await makeBackup(page.request, folder);
  await query("DELETE FROM reviews WHERE rating = 1");

  const tabs = [page, await context.newPage()];
  const ids = [];
  for (const tab of tabs) {
    const id = await checkBackup(page.request, file);
    ids.push(id);
    await tab.goto(operationPath(id));
    await expectReady(tab);
  }
  await using hold = await holdRestore();
  await Promise.all(tabs.map((tab) => startRestore(tab)));

  const refused = await Promise.race(
    tabs.map(async (tab, index) => {
      await tab.getByRole("alert").filter({ hasText: "OPERATION_IN_PROGRESS" }).waitFor();
      return index;
    }),
  );
  const running = 1 - refused;
  const [loser, winner] = [tabs[refused], tabs[running]];
  const [loserId, winnerId] = [ids[refused], ids[running]];
  if (!loser || !winner || !loserId || !winnerId) throw new Error("there are two tabs");
  await expect(loser.getByRole("alert").filter({ hasText: "was not started" })).toBeVisible();
  await loser.getByRole("link", { name: "Show what is running" }).click();
  await expect(loser).toHaveURL(operationPath(winnerId));

  await hold.release();
  await expectRestored(winner);
  await expectRestored(loser);
  await discard(page.request, loserId);
  await expectDatabase(before);
});
