/** `npm run build:package`: builds dist/, the contents of the package, from the sources. */
import { chmod, mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import path from "node:path";
import { buildStyles } from "./build-styles.ts";
import { bundleIcons } from "./bundle-icons.ts";
import { keepPublicTypes } from "./public-types.ts";
import { programOf, ROOT, runNode } from "./run.ts";
import { whenChanged } from "./when-changed.ts";
import { nameBuiltWorkers } from "./worker-urls.ts";

const DIST = path.join(ROOT, "dist");
const STAMP = path.join(DIST, ".source-hash");
const CACHE = path.join(ROOT, "node_modules/.cache");
const INPUTS = [
  "{components,lib}/**/*.{ts,tsx,css}",
  "{package.json,tsconfig.json,.config/tsconfig.package.json,package-lock.json}",
  "scripts/{build-package,build-styles,bundle-icons,public-types,worker-urls}.ts",
];

/** Builds dist/. @returns false if it is already up to date. */
export async function buildPackage(): Promise<boolean> {
  return whenChanged(STAMP, INPUTS, async () => {
    await mkdir(CACHE, { recursive: true });
    // Build in another folder and rename it, so that a dist in use is never incomplete.
    const folder = await mkdtemp(path.join(CACHE, "dist-"));
    try {
      await compile(folder);
      await buildStyles(path.join(folder, "styles.css"));
      await rm(DIST, { recursive: true, force: true });
      await rename(folder, DIST);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}

async function compile(folder: string): Promise<void> {
  const project = path.join(ROOT, ".config/tsconfig.package.json");
  const args = [programOf("typescript", "tsc"), "--project", project, "--outDir", folder];
  if ((await runNode(args)) !== 0) throw new Error("tsc failed.");
  await bundleIcons(folder);
  await nameBuiltWorkers(folder);
  await keepPublicTypes(folder);
  await chmod(path.join(folder, "lib/cli/bin.js"), 0o755);
}

if (import.meta.main) {
  const built = await buildPackage();
  console.log(built ? "dist/ is built." : "dist/ is up to date.");
}
