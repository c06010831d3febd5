import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { installPackage } from "../../../lib/testing/installed-package.ts";
import { buildPackage } from "../../../scripts/build-package.ts";
import { ROOT } from "../../../scripts/run.ts";

const run = promisify(execFile);

/** What `npm pack` reports about a tarball. */
export interface Packed {
  filename: string;
  /** The tarball's size in bytes. */
  size: number;
  unpackedSize: number;
  files: Array<{ path: string; size: number; mode: number }>;
}

declare module "vitest" {
  interface ProvidedContext {
    packed: Packed;
    tarball: string;
    /** A project in a temporary folder with the package, its dependencies and its peers. */
    project: string;
  }
}

const PEERS = [
  ...["next", "next-auth", "react", "react-dom"],
  // Packages that every app in TypeScript has.
  ...["@types/node", "@types/react", "@types/react-dom"],
];

/** Packs what npm would publish, once for all tests. */
export default async function setup(vitest: TestProject): Promise<() => Promise<void>> {
  await buildPackage();
  const folder = await mkdtemp(path.join(tmpdir(), "package-test-"));
  const remove = () => rm(folder, { recursive: true, force: true });
  try {
    const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const { stdout } = await run("npm", args, { cwd: ROOT, maxBuffer: 16 * 2 ** 20 });
    const packed = [...Object.values<Packed>(JSON.parse(stdout))][0];
    if (!packed) throw new Error("npm pack made nothing.");
    const tarball = path.join(folder, packed.filename);
    const project = path.join(folder, "project");
    await installPackage(path.join(project, "node_modules"), { tarball, others: PEERS });
    vitest.provide("packed", packed);
    vitest.provide("tarball", tarball);
    vitest.provide("project", project);
  } catch (error) {
    await remove();
    throw error;
  }
  return remove;
}
