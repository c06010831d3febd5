import { glob, readFile, stat, writeFile } from "node:fs/promises";
import path from "node:path";

const WORKER_URL = /new URL\("(\.\/[\w./-]+)\.ts", import\.meta\.url\)/g;

/**
 * Makes the address of each worker in a built folder end with `.js`. tsc rewrites imports, but not the `new URL` that
 * bundlers read.
 *
 * @throws if the built worker does not exist
 */
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
