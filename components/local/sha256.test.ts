import { createHash, randomBytes } from "node:crypto";
import { expect, it } from "vitest";
import { Sha256 } from "./sha256.ts";

it("is what node:crypto computes, however the bytes are cut", () => {
  const bytes = randomBytes(100_003);
  const hash = new Sha256();
  for (const [start, end] of [
    [0, 1],
    [1, 64],
    [64, 70_000],
    [70_000, bytes.length],
  ] as const)
    hash.update(bytes.subarray(start, end));
  expect(hash.bytes).toBe(bytes.length);
  expect(hash.digest()).toBe(createHash("sha256").update(bytes).digest("hex"));
});
