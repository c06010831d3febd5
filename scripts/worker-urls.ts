import { glob, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";

const WORKER_URL = /new URL\("(\.\/[\w./-]+)\.ts", import\.meta\.url\)/g;

/** Makes a built worker's address end with `.js`: tsc rewrites only imports. @throws if there is no such worker */
export async function nameBuiltWorkers(folder: string): Promise<void> {
  for await (const name of glob("components/**/*.js", { cwd: folder })) {
    const file = path.join(folder, name);
    const text = await readFile(file, "utf8");
    const rewritten = text.replaceAll(WORKER_URL, 'new URL("$1.js", import.meta.url)');
    if (rewritten === text) continue;
    for (const [, worker = ""] of text.matchAll(WORKER_URL)) {
      await stat(path.join(path.dirname(file), `${worker}.js`));
    }
    await writeFile(file, rewritten);
  }
}
