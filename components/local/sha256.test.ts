import { createHash, randomBytes } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { Sha256 } from "./sha256.ts";

const oracle = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

it("is what node:crypto computes, however the bytes are cut", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 12 }), (chunks) => {
      const hash = new Sha256();
      for (const chunk of chunks) hash.update(chunk);
      expect(hash.digest()).toBe(oracle(Buffer.concat(chunks)));
    }),
  );
});

it.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1_000_003])("of %i bytes", (length) => {
  const bytes = randomBytes(length);
  const hash = new Sha256();
  hash.update(bytes);
  expect(hash.bytes).toBe(length);
  expect(hash.digest()).toBe(oracle(bytes));
});
