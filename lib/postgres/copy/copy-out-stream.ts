import { Readable } from "node:stream";
import type pg from "pg";
import { markOwn } from "../../own-memory.ts";

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;

type DataListener = (chunk: Buffer) => void;

/**
 * The data of `COPY … TO STDOUT`, as a query for `client.query()`. Like pg-copy-streams, it replaces pg's listener on
 * the connection while data arrives. Unlike it, it leaves each row in the buffer from the socket and allocates no
 * buffer per row. Destroying the stream abandons the COPY; the connection cannot be used afterwards.
 */
export class CopyOutStream extends Readable implements pg.Submittable {
  /** The row count from the command tag. Set at the end. */
  rowCount = 0;
  /** Rows received so far. */
  rowsSent = 0;
  readonly #text: string;
  #connection: pg.Connection | undefined;
  #pgListener: DataListener | undefined;
  /** Type of the current message, and how many bytes of its header and content are still to come. */
  #type = 0;
  #headerBytes = HEADER_BYTES;
  #contentBytes = 0;
  #isWanted = false;

  constructor(text: string) {
    super();
    this.#text = text;
  }

  submit(connection: pg.Connection): void {
    this.#connection = connection;
    const { stream } = connection;
    const [listener] = stream.listeners("data") as DataListener[];
    if (!listener) throw new Error("pg does not listen to its connection");
    this.#pgListener = listener;
    stream.removeListener("data", listener);
    stream.pause();
    stream.on("readable", this.#forward);
    connection.query(this.#text);
  }

  override _read(): void {
    this.#isWanted = true;
    this.#forward();
  }

  handleError(error: Error): void {
    this.destroy(error);
  }

  handleCommandComplete({ text }: { text: string }): void {
    this.rowCount = Number(/^COPY (\d+)$/.exec(text)?.[1]);
  }

  /** Ends the stream only when the connection takes another statement. The last row comes earlier than that. */
  handleReadyForQuery(): void {
    this.push(null);
  }

  readonly #forward = (): void => {
    while (this.#isWanted && this.#pgListener) {
      const chunk: Buffer | null = this.#connection?.stream.read();
      if (chunk === null) return;
      this.#take(chunk);
    }
  };

  /** Moves a chunk's row data together. */
  #take(chunk: Buffer): void {
    let at = 0;
    let end = 0;
    while (at < chunk.length) {
      if (this.#headerBytes > 0) {
        const byte = chunk[at] as number;
        if (this.#headerBytes === HEADER_BYTES) {
          // Errors, and everything after the data, are handled by pg.
          if (byte === ERROR_RESPONSE || byte === COPY_DONE) {
            this.#pass(chunk, end);
            this.#giveBack(chunk.subarray(at));
            return;
          }
          this.#type = byte;
        } else this.#contentBytes = this.#contentBytes * 256 + byte;
        at++;
        // The length includes itself.
        if (--this.#headerBytes > 0) continue;
        this.#contentBytes -= HEADER_BYTES - 1;
        // PostgreSQL sends each row as a separate message.
        if (this.#type === COPY_DATA) this.rowsSent++;
      } else {
        const length = Math.min(this.#contentBytes, chunk.length - at);
        // Other messages may come in between: notices and changed parameters.
        if (this.#type === COPY_DATA) {
          chunk.copyWithin(end, at, at + length);
          end += length;
        }
        at += length;
        this.#contentBytes -= length;
      }
      if (this.#headerBytes === 0 && this.#contentBytes === 0) this.#headerBytes = HEADER_BYTES;
    }
    markOwn(chunk, end);
    this.#pass(chunk, end);
  }

  #pass(chunk: Buffer, end: number): void {
    if (end > 0) this.#isWanted = this.push(chunk.subarray(0, end));
  }

  #giveBack(rest: Buffer): void {
    const stream = this.#connection?.stream;
    const listener = this.#pgListener;
    this.#pgListener = undefined;
    if (!stream || !listener) return;
    stream.removeListener("readable", this.#forward);
    stream.on("data", listener);
    listener(rest);
    // pg may pause the stream when it handles the rest.
    process.nextTick(() => stream.resume());
  }
}
