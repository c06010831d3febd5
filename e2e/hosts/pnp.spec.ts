/**
 * Yarn Plug'n'Play: no `node_modules`, packages in zip files, and another `fs` in front of Node's. Next 16 with
 * webpack, because Turbopack does not support Plug'n'Play. JavaScript, Prisma 7, Auth.js 5.
 */
import { writeFile } from "node:fs/promises";
import path from "node:path";
import { pgDumpText } from "../../lib/testing/oracles.ts";
import { expectDatabase } from "../support/database.ts";
import { type Host, prepareHost } from "./support/host.ts";
import { installNode, yarnPnp } from "./support/package-manager.ts";
import {
  bringBack,
  examine,
  expect,
  expectClosed,
  panelOf,
  signInTo,
  test,
} from "./support/panel.ts";
import { type App, startNext } from "./support/server.ts";

const ADMIN = { email: "admin@depot.test", password: "nine buffers at the ramp" };

const MESS = `
  DELETE FROM "Trip" WHERE id % 3 = 0;
  UPDATE "Wagon" SET number = -id, plan = '\\x00';
  INSERT INTO "User" (email, password) VALUES ('nobody@depot.test', '');`;

test.describe.configure({ mode: "serial" });

let host: Host;
let app: App;

test.beforeAll(async () => {
  const env = { AUTH_SECRET: "of the depot, for the tests" };
  host = await prepareHost("pnp", env, { packages: yarnPnp });
  app = await startNext(host, "start");
});

test.afterAll(async () => {
  await app?.stop();
  await host?.remove();
});

test("brings everything back", async ({ page, request, folder }) => {
  await expectClosed(request, app);
  await signInTo(page, app, ADMIN);
  await bringBack(page, { host, app, mess: MESS, folder });
  const levels = await examine(page, { host, app, folder });
  expect(levels).toMatchObject({ VERSION: "ok", DRIFT: "ok" });
});

test("has the command and the classes, for files and folders", async ({ folder }) => {
  const passphraseFile = path.join(folder, "passphrase.txt");
  await writeFile(passphraseFile, "the key under the buffer\n");
  const secret = ["--passphrase-file", passphraseFile];
  const url = ["--url", host.databaseUrl];
  const before = await pgDumpText(host.databaseUrl);

  expect(await host.run("prisma-backup", "order", ...url)).toContain("public.Trip");
  const file = path.join(folder, "by-hand.zip");
  await host.run("prisma-backup", "create", ...url, "--out", file, ...secret);
  await host.run("prisma-backup", "verify", file, ...secret);
  const backups = path.join(folder, "backups");
  const entries = await host.run("node", "backup.mjs", backups);

  for (const backup of [[file, ...secret], [entries]]) {
    await host.query(MESS);
    await host.run("prisma-backup", "restore", ...backup, ...url, "--yes");
    await expectDatabase(before, host.databaseUrl);
  }
});

test("answers nothing under an older Node.js, and says in the log which one it needs", async ({
  request,
  folder,
}) => {
  // Next accepts this Node.js, the add-on does not.
  const PATH = [await installNode("20.20.2", folder), process.env.PATH].join(path.delimiter);
  const needed = /prisma-backup-admin needs Node\.js 22\.15 or newer, and this is 20\.20\.2\./;
  const old = await startNext(host, "start", { env: { PATH } });
  try {
    for (const route of ["", "/restore", "/api/overview", "/api/operations"]) {
      expect((await request.get(`${panelOf(old)}${route}`)).status(), route).toBe(500);
    }
    expect(old.output()).toMatch(needed);
    expect(old.output()).not.toContain("INTERNAL");
  } finally {
    await old.stop();
  }
});
