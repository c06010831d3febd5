import zlib from "node:zlib";
import { BackupError, ownError } from "../errors.ts";
import { type EntryReader, HEAD_BYTES } from "../shared/archive/entry-reader.ts";
import { damagedEntry, oversizedEntry } from "../shared/archive/fault.ts";
import { invalidArchive, toArchiveError, truncatedArchive } from "./archive-error.ts";
import { isCompressionError } from "./compression.ts";
import type { OpenFile } from "./files.ts";

/** `crc32` is that of the content as a zip tool extracts it. A folder has none. */
export interface StoredEntry {
  name: string;
  sizeBytes: number;
  crc32?: number;
}

/** The entries of a backup in a zip file or in the files of a folder. */
export abstract class EntrySource<Entry extends StoredEntry = StoredEntry>
  implements EntryReader, AsyncDisposable
{
  abstract readonly kind: "zip" | "folder";
  /** Size of the zip, or of all the folder's files. */
  abstract readonly sizeBytes: number;
  abstract readonly entries: ReadonlyMap<string, Entry>;
  abstract readonly others: readonly string[];

  /** Reads an entry's content, without limiting or checking it. The caller must do both. */
  abstract read(name: string): AsyncGenerator<Buffer>;

  /** Closes the zip file, if there is one. Can be called repeatedly. */
  abstract close(): Promise<void>;

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  entry(name: string): Entry {
    const entry = this.entries.get(name);
    if (!entry) throw new BackupError("INTERNAL", `The backup has no file ${name}.`);
    return entry;
  }

  async readHead(name: string): Promise<string> {
    const bytes = await collect(this.read(name), HEAD_BYTES);
    return bytes.subarray(0, HEAD_BYTES).toString("latin1");
  }

  /** Reads a small entry as a whole. @throws ARCHIVE_INVALID if it is damaged or larger than `maxBytes` */
  async readBytes(name: string, maxBytes: number): Promise<Buffer> {
    const { sizeBytes, crc32 } = this.entry(name);
    if (sizeBytes > maxBytes) throw toArchiveError(oversizedEntry(name));
    // One byte more than declared is enough to know that the size is wrong.
    const bytes = await collect(this.read(name), sizeBytes + 1);
    const isDamaged = crc32 !== undefined && zlib.crc32(bytes) !== crc32;
    if (bytes.length !== sizeBytes || isDamaged) throw toArchiveError(damagedEntry(name));
    return bytes;
  }
}

async function collect(content: AsyncIterable<Buffer>, enoughBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of content) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= enoughBytes) break;
    }
  } catch (error) {
    throw translateReadError(error);
  }
  return Buffer.concat(chunks);
}

export function translateReadError(error: unknown): BackupError {
  if (isCompressionError(error)) {
    return invalidArchive("Compressed data in the backup is damaged.", { cause: error });
  }
  return (
    ownError(error) ??
    new BackupError("INTERNAL", "The backup could not be read from the disk.", {
      hint: "Copy it again, or read it from another disk. The details are in the app's log.",
      cause: error,
    })
  );
}

const READ_BYTES = 256 * 1024;

/** Reads the bytes of a file between two positions. @throws ARCHIVE_TRUNCATED if it ends before */
export async function* readRange(
  file: OpenFile,
  start: number,
  end: number,
): AsyncGenerator<Buffer> {
  let position = start;
  while (position < end) {
    const length = Math.min(READ_BYTES, end - position);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) throw truncatedArchive("The backup ends too early.");
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
