import path from "node:path";
import { expect, test } from "vitest";
import { type Files, makeHost } from "../../testing/host-files.ts";
import { ownCommands } from "./package-manager.ts";

const HINT = 'Run npx prisma-backup doctor, after: npm install "next@>=15"';

test.for<[name: string, files: Files, said: string]>([
  ["nothing tells", {}, HINT],
  ["npm", { "package-lock.json": "" }, HINT],
  [
    "pnpm",
    { "pnpm-lock.yaml": "" },
    'Run pnpm exec prisma-backup doctor, after: pnpm add "next@>=15"',
  ],
  ["Yarn", { "yarn.lock": "" }, 'Run yarn prisma-backup doctor, after: yarn add "next@>=15"'],
  ["Bun", { "bun.lock": "" }, 'Run bunx prisma-backup doctor, after: bun add "next@>=15"'],
  [
    "packageManager of package.json, before a lock file that was left over",
    { "package.json": `{ "packageManager": "pnpm@10.18.0+sha512.abc" }`, "package-lock.json": "" },
    'Run pnpm exec prisma-backup doctor, after: pnpm add "next@>=15"',
  ],
])("commands as the app's package manager has them: %s", async ([, files, said]) => {
  expect((await ownCommands(await makeHost(files)))(HINT)).toBe(said);
});

test("a workspace's app has the package manager of its root", async () => {
  const root = await makeHost({ "pnpm-lock.yaml": "", "apps/web/package.json": "{}" });
  const own = await ownCommands(path.join(root, "apps/web"));
  expect(own("npx prisma migrate deploy")).toBe("pnpm exec prisma migrate deploy");
});
