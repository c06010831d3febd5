import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";

/**
 * SHA-256 of a stream. The browser's own takes only what is in memory as a whole, and is missing where a page
 * comes without HTTPS.
 */
export class Sha256 {
  readonly #hash = sha256.create();
  #bytes = 0;

  /** How many bytes it has seen. */
  get bytes(): number {
    return this.#bytes;
  }

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    this.#hash.update(chunk);
  }

  /** In hexadecimal. To be called once, at the end. */
  digest(): string {
    return bytesToHex(this.#hash.digest());
  }
}
