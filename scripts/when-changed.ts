import { createHash } from "node:crypto";
import { glob, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "./run.ts";

/** Runs `action` if the matching files differ from the stamp, in the folder that it makes. @returns whether it ran */
export async function whenChanged(
  stamp: string,
  inputs: string[],
  action: () => Promise<void>,
): Promise<boolean> {
  const hash = await hashFiles(inputs);
  if ((await readFile(stamp, "utf8").catch(() => "")) === hash) return false;
  await action();
  await writeFile(stamp, hash);
  return true;
}

async function hashFiles(patterns: string[]): Promise<string> {
  const files: string[] = [];
  for await (const file of glob(patterns, { cwd: ROOT })) {
    if (!/\.test\.tsx?$/.test(file)) files.push(file);
  }
  const hash = createHash("sha256");
  for (const file of files.sort()) {
    const content = createHash("sha256").update(await readFile(path.join(ROOT, file)));
    hash.update(`${file}\0${content.digest("hex")}\n`);
  }
  return hash.digest("hex");
}
