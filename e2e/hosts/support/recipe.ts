import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "../../../scripts/run.ts";

const PAGE = "docs/configuration.md";

/**
 * Follows docs/configuration.md: replaces `authorize` in the file that `init` wrote with the code below a line.
 *
 * @param below the beginning of that line
 * @param client the host's name for its PrismaClient
 */
export async function useRecipe(file: string, below: string, client = "prisma"): Promise<void> {
  const page = await readFile(path.join(ROOT, PAGE), "utf8");
  const [, after] = page.split(`\n${below}`);
  const code = after && /^```ts\n(authorize: .*?)^```$/ms.exec(after)?.[1];
  if (!code) throw new Error(`${PAGE} has no authorize below "${below}".`);
  const recipe = code.replaceAll(/\bprisma\./g, `${client}.`).replaceAll(/^(?=.)/gm, "  ");
  const written = await readFile(file, "utf8");
  const edited = written.replace(/^ {2}authorize: .*?^ {2}\}\)?,\n/ms, () => recipe);
  if (edited === written && !written.includes(recipe)) throw new Error(`${file} has no authorize.`);
  await writeFile(file, edited);
}
