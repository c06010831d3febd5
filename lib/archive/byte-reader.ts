/** Reads a stream in pieces of chosen lengths, whatever the lengths of its own. */
export class ByteReader {
  readonly #source: AsyncIterator<Uint8Array>;
  #pending: Buffer = Buffer.alloc(0);

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source[Symbol.asyncIterator]();
  }

  /** As many bytes as asked for; fewer, or none, only at the stream's end. */
  async read(length: number): Promise<Buffer> {
    const pieces = [this.#pending];
    let bytes = this.#pending.length;
    while (bytes < length) {
      const { done, value } = await this.#source.next();
      if (done) break;
      const piece = Buffer.from(value.buffer, value.byteOffset, value.length);
      pieces.push(piece);
      bytes += piece.length;
    }
    const all = pieces.length === 1 ? this.#pending : Buffer.concat(pieces, bytes);
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
