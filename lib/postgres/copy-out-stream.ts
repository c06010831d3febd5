import { Readable } from "node:stream";
import type pg from "pg";
import { markOwn } from "../own-memory.ts";

/** https://www.postgresql.org/docs/current/protocol-message-formats.html */
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR_RESPONSE = 0x45;

type DataListener = (chunk: Buffer) => void;

/**
 * What `COPY … TO STDOUT` sends, as a query for `client.query()`. As pg-copy-streams does, it takes the place of pg at
 * the connection while the data comes; but it leaves each row where it is in what came from the socket, and makes no
 * buffers of their own for them. Destroying it abandons the COPY; the connection is then of no more use.
 */
export class CopyOutStream extends Readable implements pg.Submittable {
  /** As the command tag says; known at the end. */
  rowCount = 0;
  /** So far. */
  rowsSent = 0;
  readonly #text: string;
  #connection: pg.Connection | undefined;
  #pgListener: DataListener | undefined;
  /** Of the message that is being read: its type, and the bytes to come of its header and its content. */
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

  /** The end, when the connection takes another statement; not yet when the rows are through. */
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

  /** Moves together what a chunk has of rows. */
  #take(chunk: Buffer): void {
    let at = 0;
    let end = 0;
    while (at < chunk.length) {
      if (this.#headerBytes > 0) {
        const byte = chunk[at] as number;
        if (this.#headerBytes === HEADER_BYTES) {
          // An error is pg's, and so is all that comes after the data.
          if (byte === ERROR_RESPONSE || byte === COPY_DONE) {
            this.#pass(chunk, end);
            this.#giveBack(chunk.subarray(at));
            return;
          }
          this.#type = byte;
        } else this.#contentBytes = this.#contentBytes * 256 + byte;
        at++;
        // The length counts itself.
        if (--this.#headerBytes > 0) continue;
        this.#contentBytes -= HEADER_BYTES - 1;
        // PostgreSQL sends each row as a message of its own.
        if (this.#type === COPY_DATA) this.rowsSent++;
      } else {
        const length = Math.min(this.#contentBytes, chunk.length - at);
        // Others may come in between: notices, changed parameters.
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
    // What pg makes of the rest may pause it.
    process.nextTick(() => stream.resume());
  }
}
