/** The entries of a backup, wherever they are: in a zip file, or as the files of a folder. */
export interface EntrySource {
  readonly kind: "zip" | "folder";
  /** Of the zip, or of all the folder's files. */
  readonly sizeBytes: number;
  /** By name, with `/` between folders; `sizeBytes` as a zip tool extracts it. */
  readonly entries: ReadonlyMap<string, { name: string; sizeBytes: number }>;
  /** An entry's content. Not limited and not checked: whoever reads it does. */
  read(name: string): AsyncGenerator<Buffer>;
  /** A small entry's content as a whole. @throws ARCHIVE_INVALID where it is damaged, or larger than `maxBytes` */
  readBytes(name: string, maxBytes: number): Promise<Buffer>;
  /** Closes what was opened. Safe to call more than once. */
  close(): Promise<void>;
}
