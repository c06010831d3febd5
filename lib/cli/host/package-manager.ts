import path from "node:path";
import { readPackage } from "./installed.ts";
import { firstThere } from "./sources.ts";

interface PackageManager {
  lockFiles: readonly string[];
  /** The prefix that runs a package's command. */
  run: string;
  /** The prefix that adds a package. */
  add: string;
}

const MANAGERS: Record<string, PackageManager> = {
  pnpm: { lockFiles: ["pnpm-lock.yaml"], run: "pnpm exec", add: "pnpm add" },
  yarn: { lockFiles: ["yarn.lock"], run: "yarn", add: "yarn add" },
  bun: { lockFiles: ["bun.lock", "bun.lockb"], run: "bunx", add: "bun add" },
  npm: { lockFiles: ["package-lock.json"], run: "npx", add: "npm install" },
};

/** Returns a function that translates npm commands in messages for the package manager of the app in `root`. */
export async function ownCommands(root: string): Promise<(text: string) => string> {
  const { run = "npx", add = "npm install" } = (await findManager(path.resolve(root))) ?? {};
  return (text) => text.replace(/\bnpx(?= )/g, run).replace(/\bnpm install(?= )/g, add);
}

/** By the nearest package.json or lock file, from `root` upwards: a workspace has both in its own root. */
async function findManager(root: string): Promise<PackageManager | undefined> {
  for (let at = root; ; at = path.dirname(at)) {
    const [named = ""] = (await readPackage(at))?.packageManager?.split("@") ?? [];
    if (Object.hasOwn(MANAGERS, named)) return MANAGERS[named];
    for (const manager of Object.values(MANAGERS))
      if (await firstThere(at, manager.lockFiles)) return manager;
    if (path.dirname(at) === at) return undefined;
  }
}
