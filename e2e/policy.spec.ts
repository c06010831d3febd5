/** The page offers only the encryption that the app requires of every backup. */

import { writeFile } from "node:fs/promises";
import path from "node:path";
import { generateX25519Identity, identityToRecipient } from "age-encryption";
import { shell } from "../lib/testing/oracles.ts";
import { startNext } from "../scripts/next-server.ts";
import { findFreePort } from "../scripts/postgres.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { databaseUrl } from "./support/environment.ts";
import { downloadBackup, PANEL, signIn } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

test.use({ storageState: { cookies: [], origins: [] } });

test("a policy's key is in every backup, and no other encryption is offered", async ({
  page,
  folder,
}) => {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const shop = await startNext({
    port: await findFreePort(),
    databaseUrl: databaseUrl(),
    nextAuthSecret: "of this test alone, and long enough",
    env: { BACKUP_RECIPIENTS: recipient },
    onOutput: () => {},
  });
  await using _ = { [Symbol.asyncDispose]: () => shop.stop() };
  await page.goto(`${shop.url}${PANEL}`);
  await signIn(page, SIGN_INS.admin);
  // With downloadBackup, these are two clicks.
  await page.getByRole("link", { name: "Create backup" }).click();
  await expect(page.getByText("This app allows backups only for age public keys.")).toBeVisible();
  await expect(page.getByText(recipient)).toBeVisible();
  await expect(page.getByRole("button", { name: "Change encryption" })).toHaveCount(0);
  await page.setViewportSize({ width: 390, height: 844 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  await expectAccessibleInBoth(page);

  const file = await downloadBackup(page, folder);
  await writeFile(path.join(folder, "identity.txt"), `${identity}\n`);
  const manifest = await shell(
    `unzip -p ${path.basename(file)} manifest.json.age | age -d -i identity.txt`,
    folder,
  );
  expect(JSON.parse(manifest).tool).toContain("prisma-backup-admin");
});
