/** What reaches the browser. The tests in e2e/hosts prove that the server's entry cannot. */
import path from "node:path";
import { expect, inject, test } from "vitest";
import { bundleClient } from "./support/client-bundle.ts";

const { imports } = await bundleClient(inject("project"));
const modules = [...imports.keys()];
const imported = [...imports.values()].flat();
/** The paths of our own modules, relative to dist/. */
const own = modules
  .map((id) => id.split(`prisma-backup-admin${path.sep}dist${path.sep}`)[1])
  .filter((file) => file !== undefined);

test("of our own modules, only components and what both sides share", () => {
  expect(own.filter((file) => !/^(components|lib\/shared)\//.test(file))).toEqual([]);
  expect(own).toContain("components/backup-admin-panel.js");
  expect(own).toContain("lib/shared/progress.js");
});

test("nothing but the app's own React and Next is left to be found", () => {
  const external = new Set(imported.filter((id) => !imports.has(id)));
  expect([...external].sort()).toEqual([
    "next/link",
    "next/navigation",
    "react",
    "react-dom",
    "react/jsx-runtime",
  ]);
});

test("no package of the server", () => {
  const packages = new Set(
    modules.map((id) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(id)?.[1]),
  );
  for (const name of ["@tanstack/react-query", "tus-js-client", "jszip"]) {
    expect(packages).toContain(name);
  }
  const server = /^(pg|yauzl|yazl|zod|server-only|next-auth|age-encryption|@tus\/|@prisma\/)/;
  expect([...packages].filter((name) => name && server.test(name))).toEqual([]);
});
