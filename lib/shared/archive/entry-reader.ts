/** The entries of a backup as the rules need them, wherever they are: a zip in the browser, a zip or folder on the server. */
export interface EntryReader {
  /** By name, with `/` between folders; `sizeBytes` as a zip tool extracts it. No folders, no system files. */
  readonly entries: ReadonlyMap<string, { name: string; sizeBytes: number }>;
  /** What a folder holds beside files: other folders, named with a `/` at the end; links and special files. */
  readonly others: readonly string[];
  /** The first HEAD_BYTES of an entry as latin1, so that no character is cut in two. */
  readHead(name: string): Promise<string>;
  /** A small entry as a whole. Fails if it is damaged, or larger than `maxBytes`. */
  readBytes(name: string, maxBytes: number): Promise<Uint8Array>;
}

export const HEAD_BYTES = 4096;
