/**
 * The newest versions that the add-on is mounted in. Next 16 with Turbopack, `basePath`, standalone output, and a proxy
 * on every path that sets a strict Content-Security-Policy. Prisma 7 with two schemas, Auth.js 5, Tailwind 4 with
 * shadcn's tokens, and the app's own React Query.
 */
import { stat } from "node:fs/promises";
import path from "node:path";
import type { Page } from "@playwright/test";
import { chooseEncryption, OPERATION, signIn } from "../support/panel.ts";
import { expectNoServerCode, expectTypesFit } from "./support/checks.ts";
import { type Host, prepareHost } from "./support/host.ts";
import {
  bringBack,
  examine,
  expect,
  expectClosed,
  expectForbidden,
  expectOpensByHand,
  panelOf,
  signInTo,
  test,
} from "./support/panel.ts";
import { useRecipe } from "./support/recipe.ts";
import { type App, startNext, startStandalone } from "./support/server.ts";

const ADMIN = { email: "admin@cases.test", password: "the sealed evidence box" };
const CLERK = { email: "clerk@cases.test", password: "three paper clips bent" };
const BASE_PATH = "/internal";
const AUTH_SECRET = "of the case files, for the tests";

const MESS = `
  DELETE FROM records.documents WHERE pages % 2 = 0;
  UPDATE records.documents SET scan = '\\x00';
  DELETE FROM records."_CaseFileToLabel" WHERE "B" < 10;
  UPDATE records.case_files SET claim = 0, facts = 'null', owner_id = NULL WHERE id % 4 = 0;
  DELETE FROM people.users WHERE role = 'clerk';
  INSERT INTO records.labels (name) VALUES ('mess');`;

test.describe.configure({ mode: "serial" });

let host: Host;
let app: App;

test.beforeAll(async () => {
  host = await prepareHost(
    "modern",
    { AUTH_SECRET },
    {
      mount: "/ops/db",
      edit: (folder) =>
        useRecipe(path.join(folder, "src/app/ops/db/backup-admin.ts"), "With Auth.js 5:", "db"),
    },
  );
  app = await startStandalone(host, { basePath: BASE_PATH });
});

test.afterAll(async () => {
  await app?.stop();
  await host?.remove();
});

test("lets nobody in who may not", async ({ page, request, browserConsole }) => {
  await expectClosed(request, app);
  await signInTo(page, app, CLERK);
  browserConsole.expectStatus(403);
  await expectForbidden(page, app);
});

test("brings 30 MB back, under a strict policy and behind the proxy", async ({ page, folder }) => {
  // The console of every test has to be silent, so a violation of the policy fails the test.
  const { unseen, policies } = watchProxy(page);
  await signInTo(page, app, ADMIN);
  const documents = page.getByRole("region", { name: "Documents" }).getByRole("listitem");
  await expect(documents).toHaveCount(31);
  const cases = await page.getByRole("table").innerText();

  const file = await bringBack(page, { host, app, mess: MESS, folder });
  expect((await stat(file)).size).toBeGreaterThan(30e6);

  await page.goto(app.url);
  await expect(documents).toHaveCount(31);
  expect(await page.getByRole("table").innerText()).toBe(cases);
  expect(unseen).toEqual([]);
  expect(policies.length).toBeGreaterThan(3);
  for (const policy of policies) expect(policy).not.toContain("unsafe");
  expect(new Set(policies).size, "a nonce for each page").toBe(policies.length);
  await expectOpensByHand(file, folder, {
    "people.users": 2,
    "records.case_files": 3000,
    "records.documents": 31,
  });
  const levels = await examine(page, { host, app, folder });
  // Next cuts bodies that pass a proxy at 10 MB. Therefore the panel uploads in chunks.
  expect(levels.LARGE_BODIES).toBe("note");
});

test("asks for a fresh sign-in, and leads back below the basePath", async ({
  page,
  browserConsole,
}) => {
  await signInTo(page, app, ADMIN);
  await page.goto(`${panelOf(app)}/create`);
  await chooseEncryption(page, { mode: "passphrase", passphrase: "correct horse battery" });
  await age(page);
  browserConsole.expectStatus(403);
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await expect(page.getByText("This needs a fresh sign-in. Nothing was changed.")).toBeVisible();
  const opening = page.context().waitForEvent("page");
  await page.getByRole("link", { name: "Confirm that it is you" }).click();
  const other = await opening;
  await expect(other).toHaveURL(
    `${app.url}/sign-in?callbackUrl=${encodeURIComponent(`${BASE_PATH}${app.mount}/create`)}`,
  );
  await signIn(other, ADMIN);
  await expect(other).toHaveURL(`${panelOf(app)}/create`);
  await expect(other.getByRole("heading", { name: "Create backup" })).toBeVisible();
  await other.close();
  await page.getByRole("button", { name: "Download", exact: true }).click();
  await expect(page).toHaveURL(OPERATION);
});

test("fits the host's types, and brings no server code to the browser", async () => {
  await expectTypesFit(host);
  await expectNoServerCode(host);
});

test("answers in development", async ({ page }) => {
  // Next compiles page and routes when they are requested, while other hosts are being built.
  await signInTo(page, app, ADMIN);
  await using started = new AsyncDisposableStack();
  const development = await startNext(host, "dev", { basePath: BASE_PATH });
  started.defer(() => development.stop());
  // Cookies do not depend on the port, so the session is the same.
  await page.goto(panelOf(development));
  await expect(page.getByRole("heading", { name: "Database backup" })).toBeVisible();
  await expect(page.getByRole("link", { name: "Create backup" })).toBeVisible();
  await expect(page.getByText("No warnings.")).toBeVisible();
  // The open page would go on polling.
  await page.close();
});

/** Makes the session look as if the person had signed in an hour ago. The host's own Auth.js reads and writes it. */
async function age(page: Page) {
  const cookies = await page.context().cookies();
  const cookie = cookies.find(({ name }) => name.endsWith("session-token"));
  if (!cookie) throw new Error("You are not signed in.");
  const script = `
    import { decode, encode } from "next-auth/jwt";
    const [token, secret, salt] = process.argv.slice(1);
    const claims = await decode({ token, secret, salt });
    const aged = { ...claims, signedInAtMs: claims.signedInAtMs - 3_600_000 };
    process.stdout.write(await encode({ token: aged, secret, salt }));`;
  const args = ["--input-type=module", "-e", script, cookie.value, AUTH_SECRET, cookie.name];
  const value = await host.run("node", ...args);
  await page.context().addCookies([{ ...cookie, value }]);
}

/** Records the answers that did not pass the host's proxy, and the policy of each page. */
function watchProxy(page: Page): { unseen: string[]; policies: string[] } {
  const unseen: string[] = [];
  const policies: string[] = [];
  page.on("response", (response) => {
    const headers = response.headers();
    if (headers["x-seen-by-proxy"] !== "yes") unseen.push(response.url());
    const isPage = response.request().isNavigationRequest() && response.status() === 200;
    const policy = headers["content-security-policy"];
    if (isPage && headers["content-type"]?.startsWith("text/html")) policies.push(policy ?? "none");
  });
  return { unseen, policies };
}
