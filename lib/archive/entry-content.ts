import { BackupError, ownError } from "../errors.ts";
import { HEAD_BYTES } from "../shared/archive/entry-reader.ts";
import { damagedEntry, oversizedEntry } from "../shared/archive/fault.ts";
import { invalidArchive, toArchiveError, truncatedArchive } from "./archive-error.ts";
import { isCompressionError } from "./compression.ts";
import type { OpenFile } from "./files.ts";

const READ_BYTES = 256 * 1024;

/** Reads a small entry as a whole. @throws ARCHIVE_INVALID if it is larger, or does not have its declared size */
export async function collectEntry(
  content: AsyncIterable<Buffer>,
  entry: { name: string; sizeBytes: number },
  maxBytes: number,
): Promise<Buffer> {
  if (entry.sizeBytes > maxBytes) {
    throw toArchiveError(oversizedEntry(entry.name));
  }
  // One byte more than declared is enough to know that the size is wrong.
  const bytes = await collect(content, entry.sizeBytes + 1);
  if (bytes.length !== entry.sizeBytes) {
    throw toArchiveError(damagedEntry(entry.name));
  }
  return bytes;
}

/** Returns the first HEAD_BYTES of an entry, as latin1. */
export async function headOf(content: AsyncIterable<Buffer>): Promise<string> {
  const bytes = await collect(content, HEAD_BYTES);
  return bytes.subarray(0, HEAD_BYTES).toString("latin1");
}

/** Reads whole chunks until there are at least `enoughBytes`, or the content ends. */
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

/** Turns an error from reading an entry into a BackupError. */
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
