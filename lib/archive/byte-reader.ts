import { concatOwn } from "../own-memory.ts";

/** Reads a stream in pieces of chosen lengths, regardless of its chunks. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** Returns the requested number of bytes. Fewer or none only at the end of the stream. */
  async read(length: number): Promise<Buffer> {
    const pieces = this.#pending.length > 0 ? [this.#pending] : [];
    let bytes = this.#pending.length;
    while (bytes < length) {
      const { done, value } = await this.#source.next();
      if (done) break;
      pieces.push(Buffer.from(value.buffer, value.byteOffset, value.length));
      bytes += value.length;
    }
    const [first] = pieces;
    const all = first?.length === bytes ? first : concatOwn(pieces);
    this.#pending = all.subarray(length);
    return all.subarray(0, length);
  }

  /** Puts back bytes of the last read that are not needed yet. */
  unread(bytes: Buffer): void {
    this.#pending = Buffer.concat([bytes, this.#pending]);
  }

  async close(): Promise<void> {
    await this.#source.return?.();
  }
}
