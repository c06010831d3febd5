import { createHash } from "node:crypto";
import { expect, it } from "vitest";
import { compareFile } from "./compare-file.ts";

const bytes = Uint8Array.from({ length: 300_000 }, (_, at) => at % 251);
const archive = {
  sizeBytes: bytes.length,
  sha256: createHash("sha256").update(bytes).digest("hex"),
};
const compare = (file: Blob) => compareFile(file, archive, () => {});

it("knows the file that was made", async () => {
  const shares: number[] = [];
  const verdict = await compareFile(new Blob([bytes]), archive, (share) => shares.push(share));
  expect(verdict).toEqual({ name: "same" });
  expect(shares.at(-1)).toBe(1);
});

it("finds each other file: shorter, longer, or with one other byte", async () => {
  expect(await compare(new Blob([bytes.subarray(1)]))).toEqual({
    name: "other",
    sizeBytes: 299_999,
  });
  expect(await compare(new Blob([bytes, "!"]))).toEqual({ name: "other", sizeBytes: 300_001 });
  expect(await compare(new Blob([bytes.with(150_000, 255)]))).toEqual({
    name: "other",
    sizeBytes: 300_000,
  });
});
