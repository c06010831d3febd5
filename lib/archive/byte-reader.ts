import { concatOwn } from "../own-memory.ts";

/** Reads a stream in pieces of chosen lengths, whatever the lengths of its own. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** As many bytes as asked for; fewer, or none, only at the stream's end. */
  async read(length: number): Promise<Buffer> {
    const pieces = this.#pending.length > 0 ? [this.#pending] : [];
    let bytes = this.#pending.length;
    while (bytes < length) {
      const { done, value } = await this.#source.next();
      if (done) break;
      pieces.push(Buffer.from(value.buffer, value.byteOffset, value.length));
      bytes += value.length;
    }
    // Alone, a piece needs no copy.
    const [first] = pieces;
    const all = first?.length === bytes ? first : concatOwn(pieces);
    this.#pending = all.subarray(length);
    return all.subarray(0, length);
  }

  /** Puts back what was read last and is not wanted yet. */
  unread(bytes: Buffer): void {
    this.#pending = Buffer.concat([bytes, this.#pending]);
  }

  /** Tells the stream that nobody reads on. */
  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
