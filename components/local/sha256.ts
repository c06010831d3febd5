import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/**
 * Computes the SHA-256 of a stream. The browser's own function needs the whole input in memory, and is missing without
 * HTTPS.
 */
export class Sha256 {
  readonly #hash = sha256.create();
  #bytes = 0;

  /** Number of bytes so far. */
  get bytes(): number {
    return this.#bytes;
  }

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** In hexadecimal. Call it once, at the end. */
  digest(): string {
    return bytesToHex(this.#hash.digest());
  }
}
