/** What `npm pack` makes, as a registry and its users see it. */
import { execFile } from "node:child_process";
import { glob, readFile } from "node:fs/promises";
import { isBuiltin } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { publint } from "publint";
import { rolldown } from "rolldown";
import { expect, inject, test } from "vitest";
import { TOOL } from "../../lib/version.ts";
import { programOf, ROOT } from "../../scripts/run.ts";

const { files } = inject("packed");
const installed = path.join(inject("project"), "node_modules/prisma-backup-admin");
const manifest = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
const run = promisify(execFile);

/** Returns all texts in a value, at any depth. */
const leavesOf = (it: unknown): string[] =>
  typeof it === "object" && it !== null ? Object.values(it).flatMap(leavesOf) : [String(it)];

test("publint has nothing to say", async () => {
  const file = await readFile(inject("tarball"));
  const { messages } = await publint({
    pack: { tarball: new Uint8Array(file).buffer },
    strict: true,
  });
  expect(messages).toEqual([]);
});

test("arethetypeswrong finds nothing wrong", async () => {
  const program = programOf("@arethetypeswrong/cli", "attw");
  const args = ["--profile", "esm-only", "--exclude-entrypoints", "styles.css", "--format", "json"];
  const { stdout } = await run(process.execPath, [program, ...args, inject("tarball")]);
  const { analysis } = JSON.parse(stdout);
  expect(Object.keys(analysis.entrypoints).sort()).toEqual([
    ".",
    "./auth-js",
    "./components",
    "./next-auth",
    "./package.json",
  ]);
});

test("it holds the built files, and what a person reads first", () => {
  const names = files.map(({ path }) => path);
  const isBuilt = (name: string) => /^dist\/(lib|components)\/[\w./-]+\.(js|d\.ts)$/.test(name);
  expect(names.filter((name) => !isBuilt(name)).sort()).toEqual([
    "CHANGELOG.md",
    "LICENSE",
    "README.md",
    "dist/styles.css",
    "package.json",
  ]);
  expect(names.filter((name) => /test|fixture|golden|random|\bcheck\./i.test(name))).toEqual([]);
  // The entries have their types, and no types belong to missing modules. types.test.ts proves that they are
  // sufficient.
  const typed = names.filter((name) => name.endsWith(".d.ts"));
  const modules = typed.map((name) => name.replace(/\.d\.ts$/, ".js"));
  expect(modules.filter((name) => !names.includes(name))).toEqual([]);
  const entries = leavesOf(manifest.exports).filter((file) => file.endsWith(".js"));
  expect(entries.filter((file) => !modules.includes(path.join(file)))).toEqual([]);
});

test("every entry and command leads to a file in it", () => {
  const names = new Set(files.map(({ path }) => `./${path}`));
  expect(leavesOf([manifest.exports, manifest.bin]).filter((it) => !names.has(it))).toEqual([]);
});

test("its manifest is that of a package", () => {
  expect(TOOL).toBe(`${manifest.name}/${manifest.version}`);
  expect(manifest).not.toHaveProperty("private");
  expect(manifest.engines).toEqual({ node: ">=22.15" });
  expect(manifest.peerDependencies).toEqual({
    "@prisma/client": ">=6.16 <8",
    // 15.0.3 and older accept only a release candidate of React 19. The lowest version that a host is built with is
    // 15.0.4.
    next: ">=15",
    // The lowest version of each that accepts next 15 and react 19.
    "next-auth": "^4.24.11 || ^5.0.0-beta.19",
    react: ">=19",
    "react-dom": ">=19",
  });
  // Packages that an app must have only once are not dependencies.
  expect(Object.keys(manifest.dependencies)).not.toContain("react");
});

/** Started by its address, so no module imports it. */
const WORKER = "dist/components/local/archive-worker.js";

test("it imports what it declares", async () => {
  const entries = leavesOf([manifest.exports, manifest.bin]).filter(
    // The browser's entry imports a missing module on purpose, so that the build fails.
    (file) => file.endsWith(".js") && file !== manifest.exports["."].browser,
  );
  const imported = new Set<string>();
  await using bundle = await rolldown({
    input: [...entries, WORKER].map((file) => path.join(installed, file)),
    external: (id, importer) => {
      const isOwn = importer === undefined || id.startsWith(".") || path.isAbsolute(id);
      if (!isOwn && !isBuiltin(id))
        imported.add(id.split("/", id.startsWith("@") ? 2 : 1).join("/"));
      return !isOwn;
    },
    logLevel: "silent",
  });
  await bundle.generate();
  const { dependencies, peerDependencies } = manifest;
  const types = (name: string) => name.startsWith("@types/");
  const declared = Object.keys({ ...dependencies, ...peerDependencies }).filter((it) => !types(it));
  // The app passes Prisma's client in.
  expect([...imported, "@prisma/client"].sort()).toEqual(declared.sort());
});

test("the icons come with the licence of those who drew them", async () => {
  const icons = await readFile(path.join(installed, "dist/components/ui/icons.js"), "utf8");
  const license = await readFile(path.join(ROOT, "node_modules/lucide-react/LICENSE"), "utf8");
  expect(icons).toContain(license);
});

test("a client module of the sources is one of the package", async () => {
  const clients: string[] = [];
  for await (const file of glob("components/**/*.{ts,tsx}", { cwd: ROOT })) {
    const source = await readFile(path.join(ROOT, file), "utf8");
    if (!/^\s*"use client"/.test(source)) continue;
    clients.push(file);
    const built = path.join(installed, "dist", file.replace(/\.tsx?$/, ".js"));
    expect((await readFile(built, "utf8")).startsWith('"use client";'), file).toBe(true);
  }
  expect(clients).toContain("components/backup-admin-panel.tsx");
});

test("the command runs from node_modules", async () => {
  const command = path.join(installed, manifest.bin["prisma-backup"]);
  expect(await readFile(command, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  const { stdout } = await run(process.execPath, [command, "--help"]);
  expect(stdout).toContain("Usage: prisma-backup");
  const version = await run(process.execPath, [command, "--version"]);
  expect(version.stdout).toBe(`${manifest.version}\n`);
});
