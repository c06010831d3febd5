/** The entries of a backup, wherever they are: in a zip file, or as the files of a folder. */
export interface EntrySource {
  readonly kind: "zip" | "folder";
  /** Of the zip, or of all the folder's files. */
  readonly sizeBytes: number;
  /** By name, with `/` between folders; `sizeBytes` and a zip's `crc32` as a zip tool extracts it. No folders, and no system files. */
  readonly entries: ReadonlyMap<string, { name: string; sizeBytes: number; crc32?: number }>;
  /** What a folder holds beside files: other folders, named with a `/` at the end, which are not looked into; links and special files. */
  readonly others: readonly string[];
  /** An entry's content. Not limited and not checked: whoever reads it does. */
  read(name: string): AsyncGenerator<Buffer>;
  /** A small entry's content as a whole. @throws ARCHIVE_INVALID where it is damaged, or larger than `maxBytes` */
  readBytes(name: string, maxBytes: number): Promise<Buffer>;
  /** Closes what was opened. Safe to call more than once. */
  close(): Promise<void>;
}

/**
 * Whether an operating system left this beside a person's files: the settings and thumbnails of file managers,
 * and what macOS adds to a folder or zip for each file. They are never read.
 */
export function isSystemFile(name: string): boolean {
  const parts = name.split("/");
  const last = parts.at(-1) ?? "";
  return (
    parts.includes("__MACOSX") || last.startsWith("._") || SYSTEM_FILES.has(last.toLowerCase())
  );
}

const SYSTEM_FILES = new Set([
  ".ds_store",
  "thumbs.db",
  "ehthumbs.db",
  "desktop.ini",
  ".directory",
]);
