import { glob, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";

const WORKER_URL = /new URL\("(\.\/[\w./-]+)\.ts", import\.meta\.url\)/g;

/** Names each worker of a built folder as it is there: tsc rewrites imports, and no `new URL`, which bundlers read. */
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
