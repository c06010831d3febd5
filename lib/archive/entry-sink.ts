import type { Readable } from "node:stream";

/** Takes the entries of a backup, one after another: into a zip, or as the files of a folder. */
export interface EntrySink {
  readonly kind: "zip" | "folder";
  /**
   * Takes an entry after those before it, and a stream no faster than it is written. `compress`: where the zip
   * shall do so. What fails in writing is an error of `done`; whoever gave a stream that fails gives up.
   */
  add(name: string, content: Readable | Buffer, options: { compress: boolean }): void;
  /** There are no more entries. */
  end(): void;
  /** Gives up. Does nothing once it is done. */
  destroy(reason: Error): void;
  /** Resolves, to the bytes that were written, once everything is; rejects when it fails or is given up. */
  readonly done: Promise<number>;
}
