import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { type BackupError, toBackupError } from "../errors.ts";
import { invalidArchive, truncatedArchive } from "./archive-error.ts";
import { inflate, isCompressionError } from "./compression.ts";
import { quote, type ZipEntry } from "./zip-structure.ts";

const READ_BYTES = 256 * 1024;

/** An entry's content as a zip tool extracts it. Not limited and not checked: whoever reads it does. */
export function readEntry(file: FileHandle, entry: ZipEntry): AsyncGenerator<Buffer> {
  const raw = readRange(file, entry.dataStart, entry.dataEnd);
  return entry.deflated ? inflate(raw) : raw;
}

/** A small entry's content as a whole, checked by the zip's own size and CRC-32. */
export async function readEntryBytes(
  file: FileHandle,
  entry: ZipEntry,
  maxBytes: number,
): Promise<Buffer> {
  if (entry.sizeBytes > maxBytes) {
    throw invalidArchive(`The archive's entry ${quote(entry.name)} is larger than in any backup.`);
  }
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  try {
    for await (const chunk of readEntry(file, entry)) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
      if (sizeBytes > entry.sizeBytes) break;
    }
  } catch (error) {
    throw translateReadError(error);
  }
  const content = Buffer.concat(chunks);
  if (sizeBytes !== entry.sizeBytes || crc32(content) !== entry.crc32) {
    throw invalidArchive(`The archive's entry ${quote(entry.name)} is damaged.`);
  }
  return content;
}

/** An error from reading an entry, as a BackupError. */
export function translateReadError(error: unknown): BackupError {
  if (isCompressionError(error)) {
    return invalidArchive("Compressed data in the archive is damaged.", { cause: error });
  }
  return toBackupError(error);
}

async function* readRange(file: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  let position = start;
  while (position < end) {
    const length = Math.min(READ_BYTES, end - position);
    const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) throw truncatedArchive("The archive ends too early.");
    position += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
