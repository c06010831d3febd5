import type { Readable } from "node:stream";

/** Receives the entries of a backup, one after another, and writes them into a zip or as files of a folder. */
export interface EntrySink {
  readonly kind: "zip" | "folder";
  /**
   * Adds an entry after the earlier ones, as fast as it can write. `compress`: whether the zip compresses it. Write
   * errors reject `done`. If the stream itself fails, its owner must call `destroy`.
   */
  add(name: string, content: Readable | Buffer, options: { compress: boolean }): void;
  end(): void;
  /** Does nothing when the backup is done. */
  destroy(reason: Error): void;
  /** Resolves to the number of bytes when everything is written. Rejects if writing fails or `destroy` is called. */
  readonly done: Promise<number>;
}
