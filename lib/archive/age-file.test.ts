/** Reads the test vectors of age's authors (https://c2sp.org/CCTV/age) as their description prescribes. */
import { createHash } from "node:crypto";
import { inflateSync } from "node:zlib";
import * as vectors from "cctv-age";
import { describe, expect, test } from "vitest";
import { decryptFile } from "./age-file.ts";

interface Vector {
  name: string;
  expected: string;
  payloadSha256: string | undefined;
  identities: string[];
  file: Buffer;
}

function readVector(name: string, bytes: Uint8Array): Vector | null {
  const vector = Buffer.from(bytes);
  const end = vector.indexOf("\n\n");
  const fields = vector
    .subarray(0, end)
    .toString()
    .split("\n")
    .map((line) => line.split(": ") as [string, string]);
  const field = (key: string) => fields.find(([it]) => it === key)?.[1];
  // Skips armored files and passphrases, because key.age is read elsewhere.
  if (field("armored") || field("passphrase")) return null;
  const file = vector.subarray(end + 2);
  return {
    name,
    expected: field("expect") ?? "",
    payloadSha256: field("payload"),
    identities: fields.filter(([key]) => key === "identity").map(([, value]) => value),
    file: field("compressed") ? inflateSync(file) : file,
  };
}

const readable = Object.entries(vectors)
  .map(([name, bytes]) => readVector(name, bytes))
  .filter((it) => it !== null);

/**
 * In these files, the error is found one chunk earlier than by age itself, which returns a chunk before it looks at
 * what follows.
 */
const GIVES_LESS = [
  "stream_no_final_full",
  "stream_no_final_two_chunks_full",
  "stream_trailing_garbage_long",
  "stream_trailing_garbage_short",
  "stream_two_final_chunks",
  "stream_two_final_chunks_full",
  "stream_two_final_chunks_second",
];

async function* inPieces(file: Buffer, pieceBytes: number) {
  for (let at = 0; at < file.length; at += pieceBytes) yield file.subarray(at, at + pieceBytes);
}

describe.each([1000, 65_536, 200_000, 1e9])("in pieces of %i bytes", (pieceBytes) => {
  test.each(readable)("$name: $expected", async (vector) => {
    const released = createHash("sha256");
    let error: unknown;
    try {
      const source = inPieces(vector.file, pieceBytes);
      for await (const chunk of decryptFile(vector.identities, source)) released.update(chunk);
    } catch (caught) {
      error = caught;
    }
    if (vector.expected === "success") expect(error).toBeUndefined();
    else expect(error).toBeInstanceOf(Error);
    if (vector.expected === "no match") expect(String(error)).toContain("no identity matched");
    if (vector.expected === "HMAC failure") expect(String(error)).toContain("HMAC");
    if (vector.payloadSha256 && !GIVES_LESS.includes(vector.name))
      expect(released.digest("hex")).toBe(vector.payloadSha256);
  });
});

test("the vectors are the ones that were published", () => {
  const names = readable.map(({ name }) => name);
  expect(names.length).toBeGreaterThan(80);
  expect(names.filter((name) => name.startsWith("stream_")).length).toBeGreaterThan(10);
});
