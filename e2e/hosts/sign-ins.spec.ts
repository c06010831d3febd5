/**
 * Checks what `init` writes for the published packages of Better Auth and Clerk. It compiles, and neither ESLint with
 * Next's rules nor Prettier reports anything. Nothing is built, and no one signs in.
 */
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@playwright/test";
import { programOf, ROOT } from "../../scripts/run.ts";
import { step } from "../../scripts/step.ts";
import { npm, pathOf } from "./support/package-manager.ts";
import { useRecipe } from "./support/recipe.ts";
import { run } from "./support/run.ts";

const MOUNTS = ["app/admin/backup", "app/internal/clerk", "app/internal/unknown"];

let folder: string;
const host = {
  run: (program: string, ...args: string[]) => {
    // Prisma needs no schema engine here, and does not download one if this path is set.
    const env = { PATH: pathOf(folder), PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
    return run(...npm.commandOf(folder, program, args), { cwd: folder, env });
  },
};

test.beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), "host-sign-ins-"));
  await cp(path.join(ROOT, "e2e/hosts/sign-ins"), folder, { recursive: true });
  const tarball = process.env.HOSTS_TARBALL ?? "";
  await step("sign-ins: npm install", () => npm.install(folder, tarball));
  await step("sign-ins: prisma generate", () => host.run("prisma", "generate"));
});

test.afterAll(() => rm(folder, { recursive: true, force: true }));

test("Better Auth and Clerk", async () => {
  const found = await host.run("prisma-backup", "init", "--yes");
  expect(found).toContain("Prisma client  lib/db.ts#default (imported by 1 module)");
  expect(found).toContain("Better Auth, lib/auth.ts#auth (imported by 2 modules)");
  expect(found).toContain(`whose User.role is "admin" in the database, asked on each request`);
  expect(found).toContain(
    String.raw`write into its matcher "/((?!admin/backup(?:/|$)|api|_next|.*\\..*).*)" instead of`,
  );
  const config = await readFile(path.join(folder, "app/admin/backup/backup-admin.ts"), "utf8");
  expect(config).toContain("auth.api.getSession({");
  const layout = await readFile(path.join(folder, "app/admin/backup/layout.tsx"), "utf8");
  expect(layout).toContain("<html");
  for (const [auth, mount] of [
    ["clerk", "/internal/clerk"],
    ["none", "/internal/unknown"],
  ] as const)
    await host.run("prisma-backup", "init", "--yes", "--auth", auth, "--mount", mount);

  // This repository's compiler takes a tenth of the time. It has another default for imports of styles.
  const flags = ["--noEmit", "--noUncheckedSideEffectImports", "false"];
  expect(await host.run("node", programOf("typescript", "tsc"), ...flags)).toBe("");
  await host.run("prettier", "--check", ...MOUNTS);
  await host.run("eslint", "--max-warnings", "0", ...MOUNTS);

  // The same with a fresh sign-in, as in the documentation.
  await useRecipe(path.join(folder, "app/admin/backup/backup-admin.ts"), "With Better Auth,");
  expect(await host.run("node", programOf("typescript", "tsc"), ...flags)).toBe("");
  await host.run("eslint", "--max-warnings", "0", ...MOUNTS);
});
