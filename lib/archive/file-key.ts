/** A file key, encrypted with a sealing key, as in all recipient stanzas of age (https://age-encryption.org/v1). */
import { createCipheriv, createDecipheriv } from "node:crypto";

const CIPHER = "chacha20-poly1305";
const TAG_BYTES = 16;
const FILE_KEY_BYTES = 16;
export const SEALED_KEY_BYTES = FILE_KEY_BYTES + TAG_BYTES;
/** A constant nonce is safe, because each sealing key is used only once. */
const NONCE = Buffer.alloc(12);

export function sealFileKey(key: Uint8Array, fileKey: Uint8Array): Buffer {
  const cipher = createCipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  return Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
}

/** @returns null if the key is not the one that sealed the file key */
export function openFileKey(key: Uint8Array, sealed: Uint8Array): Buffer | null {
  const decipher = createDecipheriv(CIPHER, key, NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(sealed.subarray(FILE_KEY_BYTES));
  const fileKey = decipher.update(sealed.subarray(0, FILE_KEY_BYTES));
  try {
    decipher.final();
  } catch {
    return null;
  }
  return fileKey;
}

/** age writes base64 without padding. */
export const encodeBase64 = (bytes: Buffer): string => bytes.toString("base64").replace(/=+$/, "");

/** @returns null unless the text is exactly what `encodeBase64` makes of this number of bytes */
export function decodeBase64(text: string, length: number): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.length === length && encodeBase64(bytes) === text ? bytes : null;
}
