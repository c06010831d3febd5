/** Writes the version of package.json, which a release raises, into the source file that contains it. */
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { ROOT } from "./run.ts";

const { name, version } = JSON.parse(await readFile(path.join(ROOT, "package.json"), "utf8"));
const file = path.join(ROOT, "lib/version.ts");
const text = await readFile(file, "utf8");
await writeFile(file, text.replace(/"[^"]+"/, JSON.stringify(`${name}/${version}`)));
