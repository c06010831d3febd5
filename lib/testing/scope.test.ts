import { existsSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { ROOT } from "../../scripts/run.ts";
import { SCOPES, sample } from "./scope.ts";

const FOLDERS = { unit: "", integration: "", package: "", e2e: "e2e", hosts: "e2e/hosts" };

it.each(Object.entries(SCOPES))("%s leaves out tests that are there", (_, { leftOut }) => {
  const missing = Object.entries(FOLDERS).flatMap(([check, folder]) =>
    leftOut[check as keyof typeof leftOut].filter((it) => !existsSync(path.join(ROOT, folder, it))),
  );
  expect(missing).toEqual([]);
});

it("leaves nothing out of the whole suite", () => {
  expect(Object.values(SCOPES.all?.leftOut ?? {}).flat()).toEqual([]);
  if (process.env.TEST_SCOPE !== "quick") expect(sample([1, 2, 3])).toEqual([1, 2, 3]);
});
