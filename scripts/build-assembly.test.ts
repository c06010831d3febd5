import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { COMPILED, compileAssembly } from "./build-assembly.ts";

test("what is committed is what the sources compile to", async () => {
  expect(await compileAssembly()).toBe(await readFile(COMPILED, "utf8"));
});
