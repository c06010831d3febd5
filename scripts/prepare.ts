import { readdir } from "node:fs/promises";
import path from "node:path";
import { buildPackage } from "./build-package.ts";
import { programOf, ROOT, runNode } from "./run.ts";
import { whenChanged } from "./when-changed.ts";

/** The files that determine how the built app looks and works. */
const BUILD_INPUTS = [
  "{app,components,lib}/**/*.{ts,tsx,css,svg}",
  "scripts/build-{package,styles}.ts",
  "prisma/schema.prisma",
  "{next.config.mjs,.postcssrc.json,tailwind.config.ts,tsconfig.json,package-lock.json}",
];
const GENERATED_STAMP = path.join(ROOT, "prisma/generated/.schema-hash");
const BUILD_STAMP = path.join(ROOT, ".next/.source-hash");

/** Generates the Prisma client. @returns false if it is up to date. */
export async function generatePrismaClient(): Promise<boolean> {
  return whenChanged(GENERATED_STAMP, ["prisma/schema.prisma", "package-lock.json"], async () => {
    const env = await withoutEngineDownload();
    if ((await runNode([programOf("prisma"), "generate"], { env, quiet: true })) !== 0) {
      throw new Error("prisma generate failed.");
    }
  });
}

/** Builds the app, and first the package for its CSS. @returns false if the last build is of the same sources. */
export async function buildApp(): Promise<boolean> {
  await buildPackage();
  return whenChanged(BUILD_STAMP, BUILD_INPUTS, async () => {
    // The build connects to no database, but it loads modules that require an address.
    const env = { DATABASE_URL: process.env.DATABASE_URL ?? "postgresql://build.invalid/none" };
    if ((await runNode([programOf("next"), "build"], { env, quiet: true })) !== 0) {
      throw new Error("next build failed.");
    }
  });
}

/** `prisma generate` downloads a schema engine that it does not run, unless the environment gives a path to one. */
async function withoutEngineDownload(): Promise<Record<string, string>> {
  const folder = path.join(ROOT, "node_modules/@prisma/engines");
  const hasEngine = (await readdir(folder)).some((name) => name.startsWith("schema-engine-"));
  if (hasEngine || process.env.PRISMA_SCHEMA_ENGINE_BINARY) return {};
  return { PRISMA_SCHEMA_ENGINE_BINARY: process.execPath };
}
