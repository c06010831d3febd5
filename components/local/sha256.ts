/**
 * SHA-256 of a stream. The browser's own takes only what is in memory as a whole, and is missing where a page
 * comes without HTTPS.
 */
const BLOCK_BYTES = 64;

const ROUND_CONSTANTS = new Int32Array(64);
const INITIAL_STATE = new Int32Array(8);

/** The first 32 bits of the fractional parts of the roots of the first primes, as FIPS 180-4 defines them. */
for (let candidate = 2, found = 0; found < 64; candidate++) {
  let isPrime = true;
  for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
    if (candidate % divisor === 0) isPrime = false;
  }
  if (!isPrime) continue;
  if (found < 8) INITIAL_STATE[found] = fraction(Math.sqrt(candidate));
  ROUND_CONSTANTS[found] = fraction(Math.cbrt(candidate));
  found++;
}

function fraction(value: number): number {
  return Math.floor((value - Math.floor(value)) * 2 ** 32) | 0;
}

export class Sha256 {
  readonly #state = INITIAL_STATE.slice();
  readonly #words = new Int32Array(64);
  readonly #rest = new Uint8Array(BLOCK_BYTES);
  #restBytes = 0;
  #bytes = 0;

  /** How many bytes it has seen. */
  get bytes(): number {
    return this.#bytes;
  }

  update(chunk: Uint8Array): void {
    this.#bytes += chunk.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK_BYTES - this.#restBytes, chunk.length);
      this.#rest.set(chunk.subarray(0, at), this.#restBytes);
      this.#restBytes += at;
      if (this.#restBytes < BLOCK_BYTES) return;
      this.#compress(this.#rest, 0, 1);
      this.#restBytes = 0;
    }
    const blocks = Math.floor((chunk.length - at) / BLOCK_BYTES);
    this.#compress(chunk, at, blocks);
    at += blocks * BLOCK_BYTES;
    this.#rest.set(chunk.subarray(at));
    this.#restBytes = chunk.length - at;
  }

  /** In hexadecimal. To be called once, at the end. */
  digest(): string {
    const bits = BigInt(this.#bytes) * 8n;
    const paddingBytes = this.#restBytes < 56 ? 56 - this.#restBytes : 120 - this.#restBytes;
    const end = new Uint8Array(paddingBytes + 8);
    end[0] = 0x80;
    new DataView(end.buffer).setBigUint64(paddingBytes, bits);
    this.update(end);
    return [...this.#state].map((word) => (word >>> 0).toString(16).padStart(8, "0")).join("");
  }

  #compress(bytes: Uint8Array, start: number, blocks: number): void {
    const words = this.#words;
    const state = this.#state;
    const constants = ROUND_CONSTANTS;
    // Typed arrays of a known length: what is read of them is always there. Variables, since this runs for each byte.
    let h0 = state[0] as number;
    let h1 = state[1] as number;
    let h2 = state[2] as number;
    let h3 = state[3] as number;
    let h4 = state[4] as number;
    let h5 = state[5] as number;
    let h6 = state[6] as number;
    let h7 = state[7] as number;
    for (let block = 0, at = start; block < blocks; block++, at += BLOCK_BYTES) {
      for (let i = 0, byte = at; i < 16; i++, byte += 4) {
        words[i] =
          ((bytes[byte] as number) << 24) |
          ((bytes[byte + 1] as number) << 16) |
          ((bytes[byte + 2] as number) << 8) |
          (bytes[byte + 3] as number);
      }
      for (let i = 16; i < 64; i++) {
        const x = words[i - 15] as number;
        const y = words[i - 2] as number;
        const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
        const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
        words[i] = ((words[i - 16] as number) + s0 + (words[i - 7] as number) + s1) | 0;
      }
      let a = h0;
      let b = h1;
      let c = h2;
      let d = h3;
      let e = h4;
      let f = h5;
      let g = h6;
      let h = h7;
      for (let i = 0; i < 64; i++) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const choice = (e & f) ^ (~e & g);
        const t1 = (h + s1 + choice + (constants[i] as number) + (words[i] as number)) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const majority = (a & b) ^ (a & c) ^ (b & c);
        h = g;
        g = f;
        f = e;
        e = (d + t1) | 0;
        d = c;
        c = b;
        b = a;
        a = (t1 + s0 + majority) | 0;
      }
      h0 = (h0 + a) | 0;
      h1 = (h1 + b) | 0;
      h2 = (h2 + c) | 0;
      h3 = (h3 + d) | 0;
      h4 = (h4 + e) | 0;
      h5 = (h5 + f) | 0;
      h6 = (h6 + g) | 0;
      h7 = (h7 + h) | 0;
    }
    state.set([h0, h1, h2, h3, h4, h5, h6, h7]);
  }
}
