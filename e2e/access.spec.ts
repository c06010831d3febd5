import { ROUTES } from "../lib/http/routes.ts";
import { SIGN_INS } from "../scripts/seed/sign-ins.ts";
import { shopUrl } from "./support/environment.ts";
import { PANEL, signIn } from "./support/panel.ts";
import { CLERK, expect, test } from "./support/test.ts";

const VIEWS = [PANEL, `${PANEL}/create`, `${PANEL}/restore`, `${PANEL}/operations/1`];
const ID = "00000000-0000-4000-8000-000000000000";
const CALLS = ROUTES.flatMap(({ methods, path }) =>
  methods.map((method) => ({ method, url: `${PANEL}/api/${path.replace(":id", ID)}` })),
);

const visitors = [
  { who: "a clerk", storageState: CLERK, status: 403, code: "FORBIDDEN" },
  {
    who: "nobody",
    storageState: { cookies: [], origins: [] },
    status: 401,
    code: "UNAUTHENTICATED",
  },
];
for (const { who, storageState, status, code } of visitors) {
  test.describe(`for ${who}`, () => {
    test.use({ storageState });

    test("every route is closed", async ({ request }) => {
      expect(CALLS.length).toBeGreaterThan(10);
      for (const { method, url } of CALLS) {
        const headers = { origin: shopUrl(), "tus-resumable": "1.0.0" };
        const response = await request.fetch(url, { method, headers });
        expect(response.status(), `${method} ${url}`).toBe(status);
        expect(response.headers()["cache-control"]).toBe("no-store");
        if (method === "HEAD") continue;
        expect(await response.json()).toMatchObject({ error: { code } });
      }
    });
  });
}

test.describe("for a clerk", () => {
  test.use({ storageState: CLERK });

  test("every page is closed, and the shop open", async ({ page, browserConsole }) => {
    browserConsole.expectStatus(403);
    for (const view of VIEWS) {
      const response = await page.goto(view);
      expect(response?.status(), view).toBe(403);
      expect(response?.headers(), view).toMatchObject({
        "x-frame-options": "DENY",
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
      });
      await expect(page.getByText("This page is not for your account")).toBeVisible();
      await expect(page.getByRole("region", { name: "Database backup" })).toHaveCount(0);
    }
    await page.goto("/");
    await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
    await expect(page.getByRole("link", { name: "Backup", exact: true })).toHaveCount(0);
    await expect(page.getByRole("button", { name: "Make a mess" })).toHaveCount(0);
  });
});

test.describe("signed out", () => {
  test.use({ storageState: { cookies: [], origins: [] } });

  test("every page leads to the sign-in, and from there back", async ({ page }) => {
    for (const view of VIEWS) {
      await page.goto(view);
      await expect(page.getByRole("heading", { name: "Sign in" })).toBeVisible();
    }
    await page.goto(`${PANEL}/restore`);
    await signIn(page, SIGN_INS.admin);
    await expect(page).toHaveURL(`${PANEL}/restore`);
    await expect(page.getByRole("heading", { name: "Restore a backup" })).toBeVisible();
  });
});
