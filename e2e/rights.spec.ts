/**
 * A right that is taken away or comes with a restore, and a request for a new sign-in, with real sessions of next-auth.
 */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { decode, encode } from "next-auth/jwt";
import { startNext } from "../scripts/next-server.ts";
import { findFreePort } from "../scripts/postgres.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { checkBackup, discard, makeBackup } from "./support/api.ts";
import { expectAccessibleInBoth } from "./support/axe.ts";
import { holdRestore, query } from "./support/database.ts";
import { databaseUrl, shopUrl } from "./support/environment.ts";
import {
  chooseEncryption,
  expectReady,
  expectRehearsed,
  expectRestored,
  openChosen,
  operationPath,
  PANEL,
  signIn,
  startRestore,
} from "./support/panel.ts";
import { DATABASE } from "./support/shop.ts";
import { expect, test } from "./support/test.ts";

const EMAIL = "guest@example.com";
const secret = randomBytes(32).toString("base64url");

test.describe("an administrator for now", () => {
  test.use({ storageState: { cookies: [], origins: [] } });
  test.beforeEach(async () => {
    await query(
      `INSERT INTO users (id, email, name, role, password_hash)
       SELECT gen_random_uuid(), $1, 'Guest Admin', role, password_hash FROM users WHERE email = $2`,
      [EMAIL, SIGN_INS.admin.email],
    );
  });
  test.afterEach(() => query("DELETE FROM users WHERE email = $1", [EMAIL]));

  const losses = [
    {
      who: "is no administrator any more",
      status: 403,
      code: "FORBIDDEN",
      sql: "UPDATE users SET role = 'clerk' WHERE email = $1",
    },
    {
      who: "is removed",
      status: 401,
      code: "UNAUTHENTICATED",
      sql: "DELETE FROM users WHERE email = $1",
    },
  ];
  for (const { who, status, code, sql } of losses) {
    test(`${who} from the next request on`, async ({ page, browserConsole }) => {
      browserConsole.expectStatus(status);
      await page.goto(PANEL);
      await signIn(page, { ...SIGN_INS.admin, email: EMAIL });
      await expect(page.getByRole("region", { name: "Database", exact: true })).toBeVisible();
      const api = `${PANEL}/api`;
      const headers = { origin: shopUrl(), "tus-resumable": "1.0.0" };
      const { id } = await (
        await page.request.post(`${api}/backups`, {
          headers,
          data: { encryption: { mode: "none" } },
        })
      ).json();
      const upload = await page.request.post(`${api}/uploads`, {
        headers: { ...headers, "upload-length": "8" },
      });
      const uploaded = upload.headers().location ?? "";
      const chunk = () =>
        page.request.patch(uploaded, {
          headers: {
            ...headers,
            "content-type": "application/offset+octet-stream",
            "upload-offset": "0",
          },
          data: Buffer.from("PK"),
        });

      await query(sql, [EMAIL]);

      for (const answer of [
        await page.request.get(`${api}/overview`),
        await page.request.get(`${api}/backups/${id}/archive`),
        await chunk(),
        await page.request.delete(uploaded, { headers }),
        await page.request.post(`${api}/restores`, { headers, data: { uploadId: "x" } }),
      ]) {
        expect(answer.status(), answer.url()).toBe(status);
        expect(await answer.json()).toMatchObject({ error: { code } });
      }
      await page.goto(`${PANEL}/create`);
      const end = status === 401 ? "Sign in" : "This page is not for your account";
      await expect(page.getByRole("heading", { name: end })).toBeVisible();
    });
  }
});

test.describe("before a restore", () => {
  test.afterEach(() =>
    query("DROP TABLE IF EXISTS sessions; DELETE FROM users WHERE email LIKE '%@rights.example'"),
  );

  test("the last question says what becomes of admins, passwords and sessions", async ({
    page,
    folder,
  }) => {
    const insert = (email: string, role: string) =>
      query(
        `INSERT INTO users (id, email, name, role, password_hash)
       SELECT gen_random_uuid(), $1, $1, $2::role, password_hash FROM users WHERE email = $3`,
        [`${email}@rights.example`, role, SIGN_INS.admin.email],
      );
    await insert("admin", "admin");
    await insert("first", "clerk");
    await insert("second", "clerk");
    await query("CREATE TABLE sessions (id text PRIMARY KEY)");
    const file = await makeBackup(page.request, folder);
    await query("DELETE FROM users WHERE email = 'admin@rights.example'");
    await query("UPDATE users SET password_hash = 'another' WHERE email LIKE '%@rights.example'");
    const sentence = "In public.users, this adds 1 admin and changes 2 password hashes.";
    const sessions =
      /Sessions are replaced: people who have signed in since the backup are signed out\./;

    const id = await checkBackup(page.request, file);
    await page.goto(operationPath(id));
    await expectRehearsed(page);
    for (const width of [390, 1280]) {
      await page.setViewportSize({ width, height: 844 });
      await expect(page.getByText(sentence)).toBeVisible();
      await expect(page.getByText(sessions)).toBeVisible();
      await expectAccessibleInBoth(page);
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      expect(overflow, "scrolls sideways").toBeLessThanOrEqual(0);
    }
    await startRestore(page);
    await expectRestored(page);
    await page.getByRole("link", { name: "Receipt" }).click();
    await expect(page.getByText(sentence)).toBeVisible();
    await expect(page.getByText(sessions)).toBeVisible();
  });

  test("the last question says where that is not known, and nothing where nothing changes", async ({
    page,
    folder,
  }) => {
    const unknown =
      /^This changes public\.users, which holds the accounts\. Without a trial run, it is not known whether this makes someone an admin/;
    const file = await makeBackup(page.request, folder);
    await using hold = await holdRestore();
    const same = await checkBackup(page.request, file);
    await page.goto(operationPath(same));
    await expectReady(page);
    await expect(page.getByText(unknown)).toBeVisible();
    await hold.release();
    await expectRehearsed(page);
    const none = "In public.users, this changes no admin and no password hash.";
    await expect(page.getByText(/password hash/)).toHaveCount(0);
    await page.getByText(/^\d+ checks passed$/).click();
    await expect(page.getByRole("list", { name: "Passed checks" })).toContainText(none);
    await discard(page.request, same);
  });
});

test.describe("where the last sign-in is too old", () => {
  const shop = startShop({});
  test.use({ storageState: { cookies: [], origins: [] } });

  /** @returns the path where the other tab ends */
  async function confirm(page: Page): Promise<string> {
    await expect(page.getByText("This needs a fresh sign-in. Nothing was changed.")).toBeVisible();
    const opening = page.context().waitForEvent("page");
    await page.getByRole("link", { name: "Confirm that it is you" }).click();
    const other = await opening;
    await signIn(other, SIGN_INS.admin);
    await expect(other.getByRole("region", { name: "Database backup" })).toBeVisible();
    const { pathname } = new URL(other.url());
    await other.close();
    return pathname;
  }

  test("asks for it before a backup and an unlocking, and nothing typed is lost", async ({
    page,
    browserConsole,
  }) => {
    browserConsole.expectStatus(403);
    await page.goto(`${shop.url()}${PANEL}/create`);
    await signIn(page, SIGN_INS.admin);
    await chooseEncryption(page, { mode: "passphrase", passphrase: "correct horse battery" });
    await age(page);
    await page.getByRole("button", { name: "Download", exact: true }).click();
    expect(await confirm(page)).toBe(`${PANEL}/create`);
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const file = await (await downloading).path();
    expect((await readFile(file)).length).toBeGreaterThan(1000);

    await age(page);
    await page.goto(`${shop.url()}${PANEL}/restore`);
    await page.getByLabel("Backup file").setInputFiles(file);
    await openChosen(page, { passphrase: "correct horse battery" });
    expect(await confirm(page)).toBe(`${PANEL}/restore/upload`);
    await page.getByRole("button", { name: "Check backup" }).click();
    await expectReady(page);
  });

  test("asks for it before a restore, which then goes on from the same step", async ({
    page,
    browserConsole,
  }) => {
    browserConsole.expectStatus(403);
    await page.goto(`${shop.url()}${PANEL}/create`);
    await signIn(page, SIGN_INS.admin);
    await chooseEncryption(page, { mode: "none" });
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Download", exact: true }).click();
    const file = await (await downloading).path();
    await page.goto(`${shop.url()}${PANEL}/restore`);
    await page.getByLabel("Backup file").setInputFiles(file);
    await expectRehearsed(page);
    await age(page);
    await startRestore(page);
    const { pathname } = new URL(page.url());
    expect(await confirm(page)).toBe(pathname);
    await expect(page.getByLabel("Database name")).toHaveValue(DATABASE);
    await page.getByRole("button", { name: /^Restore( anyway)?$/ }).click();
    await expectRestored(page);
  });
});

test.describe("where the page itself needs a fresh sign-in", () => {
  const shop = startShop({ FRESH_SIGN_IN_FOR: "view" });
  test.use({ storageState: { cookies: [], origins: [] } });

  test("leads there and back, whether the address was asked for or a link was followed", async ({
    page,
    browserConsole,
  }) => {
    browserConsole.expectStatus(403);
    const heading = page.getByRole("heading", { level: 1 });
    await page.goto(`${shop.url()}${PANEL}/activity`);
    await signIn(page, SIGN_INS.admin);
    await expect(page).toHaveURL(`${shop.url()}${PANEL}/activity`);

    await age(page);
    await page.goto(`${shop.url()}${PANEL}/restore`);
    await expect(page).toHaveURL(signInTo(`${PANEL}/restore`));
    await signIn(page, SIGN_INS.admin);
    await expect(page).toHaveURL(`${shop.url()}${PANEL}/restore`);
    await expect(heading).toHaveText("Restore a backup");

    // Next requests the target of a link with `fetch`.
    await age(page);
    await page.getByRole("link", { name: "Database backup" }).click();
    await expect(page).toHaveURL(signInTo(PANEL));
    await signIn(page, SIGN_INS.admin);
    await expect(page).toHaveURL(`${shop.url()}${PANEL}`);
    await expect(heading).toHaveText("Database backup");
  });

  for (const elsewhere of ["//evil.example", "/\\evil.example", "https://evil.example/"]) {
    test(`leads nobody to ${elsewhere}`, async ({ page, browserConsole }) => {
      browserConsole.expectStatus(403);
      await page.goto(`${shop.url()}${PANEL}/${encodeURIComponent(elsewhere)}`);
      await signIn(page, SIGN_INS.admin);
      await expect(page).toHaveURL((url) => url.pathname.startsWith(`${PANEL}/`));
      await age(page);
      await page.goto(`${shop.url()}${PANEL}/${elsewhere}`);
      await expect(page).toHaveURL(/\/sign-in\?/);
      await signIn(page, SIGN_INS.admin);
      await expect(page).toHaveURL((url) => url.pathname.startsWith(`${PANEL}/`));
      await page.goto(`${shop.url()}/sign-in?callbackUrl=${encodeURIComponent(elsewhere)}`);
      await signIn(page, SIGN_INS.admin);
      await expect(page).toHaveURL(`${shop.url()}/`);
    });
  }

  const signInTo = (path: string): string =>
    `${shop.url()}/sign-in?callbackUrl=${encodeURIComponent(path)}`;
});

/** A shop that requires a sign-in within the last five minutes. */
function startShop(env: Record<string, string>): { url(): string } {
  let shop: Awaited<ReturnType<typeof startNext>> | undefined;
  test.beforeAll(async () => {
    shop = await startNext({
      port: await findFreePort(),
      databaseUrl: databaseUrl(),
      nextAuthSecret: secret,
      env: { FRESH_SIGN_IN_MINUTES: "5", ...env },
      onOutput: () => {},
    });
  });
  test.afterAll(() => shop?.stop());
  return { url: () => shop?.url ?? "" };
}

/** Makes the session look as if the person had signed in an hour ago. */
async function age(page: Page) {
  const context = page.context();
  const cookie = (await context.cookies()).find(({ name }) => name.endsWith("session-token"));
  const token = await decode({ secret, token: cookie?.value ?? "" });
  if (!cookie || !token) throw new Error("nobody is signed in");
  const value = await encode({
    secret,
    token: { ...token, signedInAtMs: Date.now() - 3_600_000 },
  });
  await context.addCookies([{ ...cookie, value }]);
}
