/** The sizes in the README. The measured ones may be at most a tenth larger, and not much smaller. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { expect, inject, test } from "vitest";
import { ROOT } from "../../scripts/run.ts";
import { bundleClient } from "./support/client-bundle.ts";
import { measureDependencies } from "./support/installed-size.ts";

const TOLERANCE = 0.1;
const readme = await readFile(path.join(ROOT, "README.md"), "utf8");

/** `| Tarball | 251 kB |` */
function stated(row: string): number {
  const match = new RegExp(`^\\| ${row}[^|]*\\| ([\\d.]+) (kB|MB)`, "m").exec(readme);
  if (!match) throw new Error(`The README states no size of “${row}”.`);
  return Number(match[1]) * (match[2] === "MB" ? 1_000_000 : 1000);
}

test.for<[string, () => number | Promise<number>]>([
  ["Tarball", () => inject("packed").size],
  ["Unpacked", () => inject("packed").unpackedSize],
  [
    "Installed with its dependencies",
    async () => inject("packed").unpackedSize + (await measureDependencies()).bytes,
  ],
  ["Panel in the browser", async () => (await bundleClient(inject("project"))).firstBytes],
])("%s", async ([row, measure]) => {
  const bytes = await measure();
  const limit = stated(row);
  expect(bytes, `${row}: the README says ${limit}`).toBeLessThan(limit * (1 + TOLERANCE));
  expect(bytes, `${row}: the README says ${limit}`).toBeGreaterThan(limit * (1 - TOLERANCE));
});
