import type { EntryReader } from "../shared/archive/entry-reader.ts";

/** The entries of a backup, wherever they are: in a zip file, or as the files of a folder. */
export interface EntrySource extends EntryReader {
  readonly kind: "zip" | "folder";
  /** Of the zip, or of all the folder's files. */
  readonly sizeBytes: number;
  /** With a zip's `crc32` as a zip tool extracts the entry. */
  readonly entries: ReadonlyMap<string, { name: string; sizeBytes: number; crc32?: number }>;
  /** An entry's content. Not limited and not checked: whoever reads it does. */
  read(name: string): AsyncGenerator<Buffer>;
  /** A small entry's content as a whole. @throws ARCHIVE_INVALID where it is damaged, or larger than `maxBytes` */
  readBytes(name: string, maxBytes: number): Promise<Buffer>;
  /** Closes what was opened. Safe to call more than once. */
  close(): Promise<void>;
}
