import { expect, it } from "vitest";
import { callbackPath } from "./callback-path.ts";

const ORIGIN = "https://shop.example";

it.each([
  ["/", "/"],
  ["/orders?page=2", "/orders?page=2"],
  ["/admin/backup/operations/1#top", "/admin/backup/operations/1#top"],
  ["/ä%20b", "/%C3%A4%20b"],
  ["https://shop.example/admin/backup/restore", "/admin/backup/restore"],
])("leads from %j to %j", (url, path) => {
  expect(callbackPath(url, ORIGIN)).toBe(path);
});

it.each([
  undefined,
  "",
  "//evil.example",
  "///evil.example",
  "/\\evil.example",
  "/\t/evil.example",
  "https://evil.example/",
  "https://shop.example@evil.example/",
  "http://shop.example/",
  "https://shop.example.evil.example/",
  "javascript:alert(1)",
])("leaves %j for the overview", (url) => {
  expect(callbackPath(url, ORIGIN)).toBe("/");
});
