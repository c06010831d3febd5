/**
 * The oldest versions that the add-on is mounted in. Next 15 with webpack, React 19.0, Prisma 6.16 with the generator
 * `prisma-client-js`, next-auth 4, Node 22.15. One schema, no Tailwind.
 */
import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import path from "node:path";
import { pgDumpText } from "../../lib/testing/oracles.ts";
import { findFreePort } from "../../scripts/postgres.ts";
import { expectDatabase, holdRestore } from "../support/database.ts";
import { confirmRestore, tableProgress } from "../support/panel.ts";
import { expectNoServerCode, expectTypesFit } from "./support/checks.ts";
import { type Host, prepareHost } from "./support/host.ts";
import { pathOf } from "./support/package-manager.ts";
import {
  backUp,
  bringBack,
  examine,
  expect,
  expectClosed,
  expectForbidden,
  expectOpensByHand,
  prepare,
  restoreAgain,
  signInTo,
  test,
} from "./support/panel.ts";
import { useRecipe } from "./support/recipe.ts";
import { startRoundRobin } from "./support/round-robin.ts";
import { CommandError, run } from "./support/run.ts";
import { type App, startNext } from "./support/server.ts";

const ADMIN = { email: "admin@library.test", password: "the quiet reading room" };
const READER = { email: "reader@library.test", password: "overdue since tuesday" };

const MESS = `
  DELETE FROM "Loan" WHERE state <> 'OUT';
  DELETE FROM "_AuthorToBook" WHERE "B" % 2 = 0;
  UPDATE "Book" SET title = 'Mess', isbn = -id, details = NULL, cover = '\\x00', keywords = NULL;
  UPDATE "User" SET role = 'READER' WHERE role = 'LIBRARIAN';
  INSERT INTO "Author" (name) VALUES ('Nobody');`;

test.describe.configure({ mode: "serial" });

let host: Host;
let app: App;

test.beforeAll(async () => {
  const port = await findFreePort();
  const NEXTAUTH_URL = `http://127.0.0.1:${port}`;
  host = await prepareHost("plain", {
    NEXTAUTH_SECRET: "of the library, for the tests",
    NEXTAUTH_URL,
  });
  app = await startNext(host, "start", { port });
});

test.afterAll(async () => {
  await app?.stop();
  await host?.remove();
});

test("runs on the oldest versions that are supported", async () => {
  expect((await host.run("node", "--version")).trim()).toBe("v22.15.0");
  const { dependencies } = JSON.parse(await host.run("npm", "ls", "--json", "--depth=0"));
  const version = (name: string) => dependencies[name].version;
  expect(version("next")).toBe("15.0.4");
  expect(version("react")).toBe("19.0.0");
  expect(version("@prisma/client")).toBe("6.16.0");
});

test("lets nobody in who may not", async ({ page, request, browserConsole }) => {
  await expectClosed(request, app);
  await signInTo(page, app, READER);
  browserConsole.expectStatus(403);
  await expectForbidden(page, app);
});

test("brings everything back", async ({ page, folder }) => {
  await signInTo(page, app, ADMIN);
  const catalogue = await page.getByRole("table").innerText();
  const file = await bringBack(page, { host, app, mess: MESS, folder });
  await page.goto(`${app.url}/`);
  expect(await page.getByRole("table").innerText()).toBe(catalogue);
  await expectOpensByHand(file, folder, {
    "public.Book": 1500,
    "public.Loan": 6000,
    "public.User": 202,
  });
  await examine(page, { host, app, folder });
});

test("has the command", async ({ folder }) => {
  const passphraseFile = path.join(folder, "passphrase.txt");
  const file = path.join(folder, "by-hand.zip");
  await writeFile(passphraseFile, "a lamp over the stairs\n");
  const secret = ["--passphrase-file", passphraseFile];
  await host.run("prisma-backup", "create", "--url", host.databaseUrl, "--out", file, ...secret);
  await host.run("prisma-backup", "verify", file, ...secret);
});

test("fits the host's types, with a fresh sign-in as well, and brings no server code to the browser", async () => {
  await useRecipe(path.join(host.folder, "app/admin/backup/backup-admin.ts"), "With next-auth 4:");
  await expectTypesFit(host);
  await expectNoServerCode(host);
});

test("cannot be imported by a client component", async ({ folder }) => {
  // A part of the host is enough, and takes less time.
  const copy = path.join(folder, "host");
  await mkdir(path.join(copy, "app/leak"), { recursive: true });
  for (const file of ["package.json", "tsconfig.json", "app/layout.tsx", "app/globals.css"]) {
    await cp(path.join(host.folder, file), path.join(copy, file));
  }
  await symlink(path.join(host.folder, "node_modules"), path.join(copy, "node_modules"));
  await writeFile(
    path.join(copy, "app/leak/page.tsx"),
    `"use client";
     import { createBackupAdmin } from "prisma-backup-admin";
     export default function Leak() { return <p>{typeof createBackupAdmin}</p>; }`,
  );
  const failure = await run("next", ["build"], {
    cwd: copy,
    env: { ...host.env, PATH: pathOf(host.folder) },
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(CommandError);
  expect((failure as CommandError).output).toContain(
    "prisma-backup-admin is for the server only: a Client Component must not import it",
  );
  expect((failure as CommandError).output).toContain("app/leak/page.tsx");
});

test("runs as two instances without sticky sessions, one of which dies", async ({
  page,
  folder,
  browserConsole,
}) => {
  const address = await findFreePort();
  const ports = [await findFreePort(), await findFreePort()] as const;
  await using started = new AsyncDisposableStack();
  const env = { NEXTAUTH_URL: `http://127.0.0.1:${address}` };
  const instances = await Promise.all(ports.map((port) => startNext(host, "start", { port, env })));
  for (const instance of instances) started.defer(() => instance.stop());
  const balancer = started.use(await startRoundRobin(address, [...ports]));
  const { requests } = balancer;
  const answeredBy = (method: string, path: RegExp): number => {
    const found = requests.findLast((it) => it.method === method && path.test(it.path));
    if (!found) throw new Error(`There was no ${method} ${path}.`);
    return found.instance;
  };
  const START = /\/restores\/[^/]+\/start$/;
  const CANCEL = /\/operations\/[^/]+\/cancel$/;

  await signInTo(page, balancer, ADMIN);
  // One instance makes the backup, the other serves the download.
  balancer.pin("POST", /\/backups$/, 0);
  balancer.pin("GET", /\/archive$/, 1);
  const archived = await pgDumpText(host.databaseUrl);
  const file = await backUp(page, balancer, folder);
  await host.query(MESS);
  const messy = await pgDumpText(host.databaseUrl);

  const beginHeldRestore = async () => {
    await prepare(page, balancer, file);
    const holder = answeredBy("POST", /\/restores$/);
    // The worst case: all of a person's requests reach the instance without the unlocked archive.
    const other = 1 - holder;
    balancer.pin("POST", START, other);
    balancer.pin("POST", CANCEL, other);
    const hold = await holdRestore({
      url: host.databaseUrl,
      table: '"Loan"',
      row: "id = md5('3000')::uuid::text",
    });
    await confirmRestore(page, host.database);
    await expect(tableProgress(page, "public.Book")).toContainText("Done: 1,500 rows");
    await expect(tableProgress(page, "public.Loan")).toContainText("Running");
    expect(answeredBy("POST", START)).toBe(other);
    return { hold, holder };
  };

  await test.step("cancelled by way of the other", async () => {
    const { hold, holder } = await beginHeldRestore();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Yes, cancel it" }).click();
    await expect(page.getByText("This restore was cancelled.")).toBeVisible();
    await expect(page.getByText("Nothing was changed.", { exact: true })).toBeVisible();
    expect(answeredBy("POST", CANCEL)).toBe(1 - holder);
    await hold.release();
    await expectDatabase(messy, host.databaseUrl);
  });

  await test.step("killed in the middle", async () => {
    const { hold, holder } = await beginHeldRestore();
    browserConsole.expectStatus(502);
    await instances[holder]?.stop("SIGKILL");
    await expect(page.getByText("This restore was interrupted.")).toBeVisible();
    await expect(page.getByText(/^Nothing was changed/).first()).toBeVisible();
    await hold.release();
    await expectDatabase(messy, host.databaseUrl);
  });

  await test.step("unlocked again and restored by the other", async () => {
    await restoreAgain(page, host);
    await expectDatabase(archived, host.databaseUrl);
  });
  const used = new Set(requests.map(({ instance }) => instance));
  expect(used.size).toBe(2);
});
