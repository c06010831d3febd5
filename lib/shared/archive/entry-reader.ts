/** A backup's entries, for the rules that browser and server share: of a zip, or on the server also of a folder. */
export interface EntryReader {
  /** By name, with `/`. `sizeBytes` as a zip tool extracts the entry. Without folders and system files. */
  readonly entries: ReadonlyMap<string, { name: string; sizeBytes: number }>;
  /** What a folder contains besides files: other folders, with a `/` at the end, links and special files. */
  readonly others: readonly string[];
  /** Returns the first HEAD_BYTES of an entry as latin1, so that no character is cut in two. */
  readHead(name: string): Promise<string>;
  /** Reads a small entry as a whole. Fails if it is damaged or larger than `maxBytes`. */
  readBytes(name: string, maxBytes: number): Promise<Uint8Array>;
}

export const HEAD_BYTES = 4096;
