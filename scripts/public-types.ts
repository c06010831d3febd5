import { glob, readFile, rm } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "./run.ts";

const REFERENCE = /\b(?:from |import\()"(\.[^"]+)\.[jt]sx?"/g;

/** Removes the declarations of a built folder that no entry of the package leads to. */
export async function keepPublicTypes(folder: string): Promise<void> {
  const reached = new Set<string>();
  const follow = async (module: string): Promise<void> => {
    const file = `${module}.d.ts`;
    if (reached.has(file)) return;
    reached.add(file);
    const text = await readFile(path.join(folder, file), "utf8");
    for (const [, to = ""] of text.matchAll(REFERENCE)) {
      await follow(path.join(path.dirname(module), to));
    }
  };
  for (const entry of await readEntries()) await follow(entry);
  for await (const file of glob("**/*.d.ts", { cwd: folder })) {
    if (!reached.has(file)) await rm(path.join(folder, file));
  }
}

/** @returns the modules that package.json exports, below dist/ and without `.js` */
async function readEntries(): Promise<string[]> {
  const { exports } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
  const targets = Object.values<string | Record<string, string>>(exports);
  return targets
    .flatMap((it) => (typeof it === "string" ? it : Object.values(it)))
    .filter((file) => file.endsWith(".js"))
    .map((file) => path.relative("dist", file).slice(0, -".js".length));
}
