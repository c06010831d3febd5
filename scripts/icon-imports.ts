import { glob, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "./run.ts";

const BARREL = path.join(ROOT, "node_modules/lucide-react/dist/esm/lucide-react.mjs");

/**
 * Imports each icon of a built folder from a module of its own. Through lucide-react's entry, webpack would read
 * thousands of icons in every build of a host: half of the time of a small app's.
 */
export async function importIconsOneByOne(folder: string): Promise<void> {
  const moduleOf = await readIconModules();
  for await (const name of glob("**/*.js", { cwd: folder })) {
    const file = path.join(folder, name);
    const text = await readFile(file, "utf8");
    const rewritten = text.replace(
      /^import \{ (.+) \} from "lucide-react";/gm,
      (_, icons: string) =>
        icons
          .split(", ")
          .map((icon) => `import ${icon} from "lucide-react/icons/${moduleOf(icon)}";`)
          .join(" "),
    );
    if (rewritten !== text) await writeFile(file, rewritten);
  }
}

async function readIconModules(): Promise<(icon: string) => string> {
  const modules = new Map<string, string>();
  const exports = /export \{([^}]+)\} from ["']\.\/icons\/([\w-]+)\.mjs["']/g;
  for (const [, names = "", module = ""] of (await readFile(BARREL, "utf8")).matchAll(exports)) {
    for (const [, icon = ""] of names.matchAll(/default as (\w+)/g)) modules.set(icon, module);
  }
  return (icon) => {
    const module = modules.get(icon);
    if (module === undefined) throw new Error(`lucide-react has no icon ${icon}.`);
    return module;
  };
}
