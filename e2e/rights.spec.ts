/** A right that is taken away, and a sign-in that is asked for again: with real sessions of next-auth. */
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { decode, encode } from "next-auth/jwt";
import { startNext } from "../scripts/next-server.ts";
import { findFreePort } from "../scripts/postgres.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";

import { query } from "./support/database.ts";
import { databaseUrl, shopUrl } from "./support/environment.ts";
import { chooseEncryption, expectReady, PANEL, signIn, uploadChosen } from "./support/panel.ts";
import { expect, test } from "./support/test.ts";

const EMAIL = "guest@example.com";

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

test.describe("where the last sign-in is too old", () => {
  const secret = randomBytes(32).toString("base64url");
  let shop: Awaited<ReturnType<typeof startNext>>;
  test.beforeAll(async () => {
    shop = await startNext({
      port: await findFreePort(),
      databaseUrl: databaseUrl(),
      nextAuthSecret: secret,
      env: { FRESH_SIGN_IN_MINUTES: "5" },
      onOutput: () => {},
    });
  });
  test.afterAll(() => shop.stop());
  test.use({ storageState: { cookies: [], origins: [] } });

  /** As if the person had signed in an hour ago. */
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

  /** @returns where the other tab ends */
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
    await page.goto(`${shop.url}${PANEL}/create`);
    await signIn(page, SIGN_INS.admin);
    await chooseEncryption(page, { mode: "passphrase", passphrase: "correct horse battery" });
    await age(page);
    await page.getByRole("button", { name: "Start backup" }).click();
    expect(await confirm(page)).toBe(`${PANEL}/create`);
    const downloading = page.waitForEvent("download");
    await page.getByRole("button", { name: "Start backup" }).click();
    const file = await (await downloading).path();
    expect((await readFile(file)).length).toBeGreaterThan(1000);

    await age(page);
    await page.goto(`${shop.url}${PANEL}/restore`);
    await page.getByLabel("Backup file").setInputFiles(file);
    await uploadChosen(page);
    await page.getByLabel("Passphrase", { exact: true }).fill("correct horse battery");
    await page.getByRole("button", { name: "Check backup" }).click();
    expect(await confirm(page)).toBe(`${PANEL}/restore/upload`);
    await page.getByRole("button", { name: "Check backup" }).click();
    await expectReady(page);
  });
});
