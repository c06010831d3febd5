import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { rolldown } from "rolldown";
import { ROOT } from "./run.ts";

const ICONS = "components/ui/icons";

/** Replaces the icons' module of a built folder with one that contains these icons and needs only React. */
export async function bundleIcons(folder: string): Promise<void> {
  await using bundle = await rolldown({
    input: path.join(ROOT, `${ICONS}.ts`),
    external: "react",
    logLevel: "silent",
  });
  const { output } = await bundle.generate({ format: "esm", comments: false });
  const license = await readFile(path.join(ROOT, "node_modules/lucide-react/LICENSE"), "utf8");
  const text = `${output[0].code}\n/* From lucide-react:\n\n${license}*/\n`;
  await writeFile(path.join(folder, `${ICONS}.js`), text);
}
