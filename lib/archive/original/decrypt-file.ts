/**
 * The original's encryption: AES-192-CCM with a key that scrypt makes of the password and the salt "salt". It stored
 * no tag, and CCM without its tag is CTR: what was altered cannot be told from what was written.
 */
import { createDecipheriv, scrypt } from "node:crypto";
import { z } from "zod";

const KEY_BYTES = 24;
const NONCE_BYTES = 12;
/** CCM counts blocks in what 12 bytes of nonce leave of 16, so that the original could not encrypt more. */
const MAX_PLAIN_BYTES = 2 ** 24 - 1;
/** Of an encrypted file: hexadecimal text, and the nonce. */
export const MAX_ENCRYPTED_BYTES = 2 * MAX_PLAIN_BYTES + 4096;

// Not by one pattern for all of it: that would need a stack as large as the text.
const hex = z.string().refine((text) => text.length % 2 === 0 && !/[^0-9a-f]/.test(text));
const containerSchema = z.union([
  z.object({ iv: z.string(), encryptedText: hex }), // 0.4.0
  z.object({ iv: z.string(), encrypted: hex }), // 0.3.5
]);
const nonceSchema = z.object({
  type: z.literal("Buffer"),
  data: z.array(z.int().min(0).max(255)).length(NONCE_BYTES),
});

/** Node's own defaults are the original's; 16 MB and some milliseconds, off the event loop. */
export function deriveKey(password: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    scrypt(password, "salt", KEY_BYTES, (error, key) => (error ? reject(error) : resolve(key)));
  });
}

/**
 * Decrypts a whole file. What comes out of a wrong key, or of altered text, is not JSON, or other JSON: nothing
 * here can tell.
 *
 * @throws Error where it is not the original's JSON around the encrypted text
 */
export function decryptFile(key: Buffer, content: Buffer): Buffer {
  const container = containerSchema.parse(JSON.parse(content.toString().replace(/^\ufeff/, "")));
  const nonce = Buffer.from(nonceSchema.parse(JSON.parse(container.iv)).data);
  const encrypted = "encryptedText" in container ? container.encryptedText : container.encrypted;
  const decipher = createDecipheriv("aes-192-ctr", key, firstCounter(nonce));
  return Buffer.concat([decipher.update(encrypted, "hex"), decipher.final()]);
}

/** CCM's counter block for the first block of text: 3 bytes of counter less one, the nonce, and the counter at 1. */
function firstCounter(nonce: Buffer): Buffer {
  return Buffer.concat([Buffer.from([2]), nonce, Buffer.from([0, 0, 1])]);
}
