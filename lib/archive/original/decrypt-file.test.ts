import { createCipheriv, randomBytes, scryptSync } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { decryptFile, deriveKey } from "./decrypt-file.ts";

/** Encrypts like both versions of the original, which also discard the tag. */
function encrypt(key: Buffer, text: string): { iv: string; encrypted: string } {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-192-ccm", key, nonce, { authTagLength: 12 });
  const encrypted = cipher.update(text, "utf8", "hex") + cipher.final("hex");
  return { iv: JSON.stringify(nonce), encrypted };
}

test("what node:crypto's own CCM encrypts is decrypted, of every length", async () => {
  const key = await deriveKey("pässword");
  expect(key).toEqual(scryptSync("pässword", "salt", 24));
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 200 }), (text) => {
      const { iv, encrypted } = encrypt(key, text);
      const expected = Buffer.from(text);
      const of = (container: object) => decryptFile(key, Buffer.from(JSON.stringify(container)));
      expect(of({ encryptedText: encrypted, iv }).equals(expected)).toBe(true);
      expect(of({ iv, encrypted }).equals(expected)).toBe(true);
    }),
  );
});

test("megabytes, as large as it could be", async () => {
  const text = "0123456789abcdef".repeat(2 ** 20).slice(1);
  const key = await deriveKey("password");
  const { iv, encrypted } = encrypt(key, text);
  const decrypted = decryptFile(key, Buffer.from(JSON.stringify({ encryptedText: encrypted, iv })));
  expect(decrypted.toString() === text).toBe(true);
});
