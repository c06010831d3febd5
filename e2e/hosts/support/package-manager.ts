import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { run } from "./run.ts";

/** How a host's packages are installed, and how their programs run. */
export interface PackageManager {
  name: string;
  /** Installs the host's packages and the add-on's tarball. */
  install(folder: string, tarball: string): Promise<void>;
  /** Returns a command line for a program of the packages. */
  commandOf(folder: string, program: string, args: string[]): [file: string, args: string[]];
  /** The arguments with which Node runs `next` itself, so that a signal to the process reaches it. */
  nextArgs(folder: string, args: string[]): string[];
  /** Flags that `next build` needs. */
  buildFlags: string[];
}

/** Puts the host's own programs first, also its own Node if it has one. */
export const pathOf = (folder: string): string =>
  [path.join(folder, "node_modules/.bin"), process.env.PATH].join(path.delimiter);

const FLAGS = ["--no-audit", "--no-fund", "--prefer-offline"];

async function npmInstall(folder: string, ...args: string[]): Promise<void> {
  const inFolder = { cwd: folder, env: { PATH: pathOf(folder) } };
  await run("npm", ["install", ...FLAGS, ...args], inFolder);
  // If npm runs no install scripts, a Node among the packages has not been unpacked yet.
  const node = path.join(folder, "node_modules/node");
  if (existsSync(node) && !existsSync(path.join(node, "bin/node"))) {
    await run("npm", ["rebuild", "node", "--ignore-scripts=false"], inFolder);
  }
}

/** @returns the folder with its program `node` */
export async function installNode(version: string, folder: string): Promise<string> {
  await writeFile(path.join(folder, "package.json"), "{}");
  await npmInstall(folder, `node@${version}`);
  return path.join(folder, "node_modules/node/bin");
}

export const npm: PackageManager = {
  name: "npm",
  install: npmInstall,
  commandOf: (_folder, program, args) => [program, args],
  nextArgs: (folder, args) => [path.join(folder, "node_modules/next/dist/bin/next"), ...args],
  buildFlags: [],
};

/** Where npm installs Yarn itself: next to the host's own packages, as Corepack would. */
const YARN = ".yarn/tool";

/** Yarn without `node_modules`: packages stay in their zip files, and a patched `fs` reads them from there. */
export const yarnPnp: PackageManager = {
  name: "yarn",
  async install(folder, tarball) {
    const manifest = JSON.parse(await readFile(path.join(folder, "package.json"), "utf8"));
    const yarn = manifest.packageManager.replace("yarn@", "@yarnpkg/cli-dist@");
    const prefix = ["--no-save", "--prefix", path.join(folder, YARN)];
    await run("npm", ["install", ...FLAGS, ...prefix, yarn], { cwd: folder });
    const registry = (await run("npm", ["config", "get", "registry"], { cwd: folder })).trim();
    await writeFile(
      path.join(folder, ".yarnrc.yml"),
      `nodeLinker: pnp
npmRegistryServer: ${JSON.stringify(registry)}
# On a CI server it would not write the lock file.
enableImmutableInstalls: false
enableTelemetry: false
`,
    );
    await writeFile(path.join(folder, "yarn.lock"), "");
    const [file, args] = yarnPnp.commandOf(folder, "add", [`prisma-backup-admin@file:${tarball}`]);
    await run(file, args, { cwd: folder });
  },
  commandOf: (folder, program, args) => [
    "node",
    [path.join(folder, YARN, "node_modules/@yarnpkg/cli-dist/bin/yarn.js"), program, ...args],
  ],
  nextArgs: (folder, args) => yarnPnp.commandOf(folder, "next", args)[1],
  // Turbopack does not support Plug'n'Play.
  buildFlags: ["--webpack"],
};
