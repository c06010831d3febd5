import type { EntryReader } from "../shared/archive/entry-reader.ts";

/** The entries of a backup in a zip file or in the files of a folder. */
export interface EntrySource extends EntryReader {
  readonly kind: "zip" | "folder";
  /** Size of the zip, or of all the folder's files. */
  readonly sizeBytes: number;
  /** For a zip, with the `crc32` of the entry as a zip tool extracts it. */
  readonly entries: ReadonlyMap<string, { name: string; sizeBytes: number; crc32?: number }>;
  /** Reads an entry's content, without limiting or checking it. The caller must do both. */
  read(name: string): AsyncGenerator<Buffer>;
  /** Reads a small entry as a whole. @throws ARCHIVE_INVALID if it is damaged or larger than `maxBytes` */
  readBytes(name: string, maxBytes: number): Promise<Buffer>;
  /** Closes the zip file, if there is one. Can be called repeatedly. */
  close(): Promise<void>;
}
