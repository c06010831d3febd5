import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { findSchema } from "./find-schema.ts";

const SCHEMA = `datasource db { provider = "postgresql"\n url = env("SHOP_URL") }\nmodel Item { id Int @id }`;

/** Makes a repository with these files, and with the links that a package manager makes. */
async function repository(
  files: Record<string, string>,
  links: Record<string, string> = {},
): Promise<string> {
  const root = await realpath(await mkdtemp(path.join(tmpdir(), "workspace-")));
  onTestFinished(() => rm(root, { recursive: true }));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
  for (const [name, target] of Object.entries(links)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await symlink(path.join(root, target), path.join(root, name));
  }
  return root;
}

const packageOf = (name: string, ...dependencies: string[]) =>
  JSON.stringify({ name, dependencies: Object.fromEntries(dependencies.map((it) => [it, "*"])) });

test("of a workspace's package, where its prisma.config.ts says", async () => {
  const root = await repository(
    {
      "apps/web/package.json": packageOf("web", "next", "@acme/db"),
      "node_modules/next/package.json": packageOf("next"),
      "node_modules/next/schema.prisma": "model No { id Int @id }",
      "packages/db/package.json": packageOf("@acme/db"),
      "packages/db/prisma.config.ts": `export default defineConfig({ schema: "src/db.prisma", datasource: { url: env("DB_URL") } });`,
      "packages/db/src/db.prisma": SCHEMA,
    },
    { "node_modules/@acme/db": "packages/db" },
  );
  const schema = await findSchema(path.join(root, "apps/web"));
  expect(schema?.path).toBe(path.join(root, "packages/db/src/db.prisma"));
  expect(schema?.models.map(({ name }) => name)).toEqual(["Item"]);
  expect(schema?.environmentNames).toEqual(["SHOP_URL", "DB_URL"]);
});

test("through another package, as pnpm links them, in a circle", async () => {
  const root = await repository(
    {
      "apps/web/package.json": packageOf("web", "@acme/api"),
      "packages/api/package.json": packageOf("@acme/api", "@acme/db", "@acme/web"),
      "packages/db/package.json": packageOf("@acme/db", "@acme/api"),
      "packages/db/prisma/schema.prisma": SCHEMA,
    },
    {
      "apps/web/node_modules/@acme/api": "packages/api",
      "packages/api/node_modules/@acme/db": "packages/db",
      "packages/api/node_modules/@acme/web": "apps/web",
      "packages/db/node_modules/@acme/api": "packages/api",
    },
  );
  const schema = await findSchema(path.join(root, "apps/web"));
  expect(schema?.path).toBe(path.join(root, "packages/db/prisma/schema.prisma"));
});

test("the app's own comes first, and none is none", async () => {
  const root = await repository(
    {
      "apps/web/package.json": packageOf("web", "@acme/db"),
      "apps/web/schema.prisma": SCHEMA,
      "apps/bare/package.json": packageOf("bare", "missing"),
      "packages/db/package.json": packageOf("@acme/db"),
      "packages/db/schema.prisma": SCHEMA,
    },
    { "node_modules/@acme/db": "packages/db" },
  );
  expect((await findSchema(path.join(root, "apps/web")))?.path).toContain("apps/web");
  expect(await findSchema(path.join(root, "apps/bare"))).toBeNull();
});
