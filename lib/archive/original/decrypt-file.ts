/**
 * The original's encryption: AES-192-CCM with a key from scrypt. It stored no tag, and CCM without its tag is CTR, so
 * altered text cannot be detected.
 */
import { createDecipheriv, scrypt } from "node:crypto";
import { promisify } from "node:util";
import { z } from "zod";

const KEY_BYTES = 24;
const NONCE_BYTES = 12;
/** With a nonce of 12 bytes, CCM's counter has 3 bytes, so the original could not encrypt more. */
const MAX_PLAIN_BYTES = 2 ** 24 - 1;
/** Maximum size of an encrypted file: hexadecimal text and the nonce. */
export const MAX_ENCRYPTED_BYTES = 2 * MAX_PLAIN_BYTES + 4096;

// Not a single pattern for the whole text, because it would need a stack as large as the text.
const hex = z.string().refine((text) => text.length % 2 === 0 && !/[^0-9a-f]/.test(text));
const containerSchema = z.union([
  z.object({ iv: z.string(), encryptedText: hex }), // 0.4.0
  z.object({ iv: z.string(), encrypted: hex }), // 0.3.5
]);
const nonceSchema = z.object({
  type: z.literal("Buffer"),
  data: z.array(z.int().min(0).max(255)).length(NONCE_BYTES),
});

/** Node's defaults, as in the original: 16 MB and some milliseconds, off the event loop. */
export const deriveKey = (password: string): Promise<Buffer> =>
  promisify<string, string, number, Buffer>(scrypt)(password, "salt", KEY_BYTES);

/**
 * Decrypts a whole file. A wrong key or altered text gives something that is not JSON, or other JSON.
 *
 * @throws Error if the text is not the original's JSON around encrypted text
 */
export function decryptFile(key: Buffer, content: Buffer): Buffer {
  const container = containerSchema.parse(JSON.parse(content.toString().replace(/^\ufeff/, "")));
  const nonce = Buffer.from(nonceSchema.parse(JSON.parse(container.iv)).data);
  const encrypted = "encryptedText" in container ? container.encryptedText : container.encrypted;
  // CCM's first counter block: the counter's length (3 bytes) less one, the nonce, and a counter of 1.
  const counter = Buffer.concat([Buffer.from([2]), nonce, Buffer.from([0, 0, 1])]);
  const decipher = createDecipheriv("aes-192-ctr", key, counter);
  return Buffer.concat([decipher.update(encrypted, "hex"), decipher.final()]);
}
