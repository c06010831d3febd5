import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import tailwindcss from "@tailwindcss/postcss";
import postcss from "postcss";
import { ROOT } from "./run.ts";

/** Makes the panel's one CSS file. */
export async function buildStyles(outFile: string): Promise<void> {
  const from = path.join(ROOT, "components/styles.css");
  const source = `@import "tailwindcss" source(none);\n${await readFile(from, "utf8")}`;
  const { css } = await postcss([tailwindcss({ optimize: true })]).process(source, { from });
  await writeFile(outFile, css);
}
