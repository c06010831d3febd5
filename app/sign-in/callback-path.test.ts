import { expect, it } from "vitest";
import { callbackPath } from "./callback-path.ts";

it.each(["/", "/orders?page=2", "/admin/backup/operations/1#top", "/ä%20b"])("keeps %j", (path) => {
  expect(callbackPath(path)).toBe(path);
});

it.each([
  undefined,
  "",
  "orders",
  "//evil.example",
  "/\\evil.example",
  "/a\\b",
  "/\t/evil.example",
  "https://evil.example/",
  "javascript:alert(1)",
  ["/orders", "/"],
])("leaves %j for the overview", (url) => {
  expect(callbackPath(url)).toBe("/");
});
