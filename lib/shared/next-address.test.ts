import { afterEach, expect, it, vi } from "vitest";
import { nextAddress, nextBasePath } from "./next-address.ts";

afterEach(() => vi.unstubAllEnvs());

it("is the path itself, unless Next is set up otherwise", () => {
  expect(nextAddress("/admin/backup")).toBe("/admin/backup");
  // The values that Next compiles for `basePath: ""` and `trailingSlash: false`.
  vi.stubEnv("__NEXT_ROUTER_BASEPATH", "");
  vi.stubEnv("__NEXT_TRAILING_SLASH", "");
  expect(nextAddress("/admin/backup")).toBe("/admin/backup");
});

it("begins with Next's basePath, and ends with a slash where every address does", () => {
  vi.stubEnv("__NEXT_ROUTER_BASEPATH", "/internal");
  expect(nextBasePath()).toBe("/internal");
  expect(nextAddress("/admin/backup")).toBe("/internal/admin/backup");
  vi.stubEnv("__NEXT_TRAILING_SLASH", "true");
  expect(nextAddress("/admin/backup")).toBe("/internal/admin/backup/");
});
