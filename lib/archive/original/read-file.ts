import { createHash } from "node:crypto";
import { buffer } from "node:stream/consumers";
import zlib from "node:zlib";
import { quote } from "../../shared/archive/entry-names.ts";
import type { OriginalFile } from "../../shared/archive/original-files.ts";
import { digestMismatch, invalidArchive, truncatedArchive } from "../archive-error.ts";
import { type EntrySource, translateReadError } from "../entry-source.ts";
import { decryptFile, MAX_ENCRYPTED_BYTES } from "./decrypt-file.ts";

export interface ReadFileOptions {
  key: Buffer | null;
  /** The expected digest from the first reading, because the original stored none. */
  sha256?: string;
  onDigest?: (sha256: string) => void;
  signal: AbortSignal;
}

/**
 * Reads a file's JSON, decrypted. An encrypted file is limited by CCM and read as a whole.
 *
 * @throws ARCHIVE_INVALID, ARCHIVE_TRUNCATED, DIGEST_MISMATCH (other content than before), ABORTED
 */
export async function* readFile(
  source: EntrySource,
  file: OriginalFile,
  options: ReadFileOptions,
): AsyncGenerator<Buffer> {
  try {
    if (!file.isEncrypted) {
      yield* checkedContent(source, file, options);
      return;
    }
    const details = { entry: file.entry };
    if (file.sizeBytes > MAX_ENCRYPTED_BYTES) {
      throw invalidArchive(
        `The encrypted file ${quote(file.entry)} is larger than the original could write.`,
        { details },
      );
    }
    if (!options.key) throw new Error("an encrypted file is read before it is unlocked");
    const content = await buffer(checkedContent(source, file, options));
    let json: Buffer;
    try {
      json = decryptFile(options.key, content);
    } catch (cause) {
      throw content.toString("latin1").trimEnd().endsWith("}")
        ? invalidArchive(`The encrypted file ${quote(file.entry)} is damaged.`, { details, cause })
        : truncatedArchive(`The encrypted file ${quote(file.entry)} ends in the middle.`, {
            details,
            cause,
          });
    }
    yield json;
  } catch (error) {
    throw translateReadError(error);
  }
}

async function* checkedContent(
  source: EntrySource,
  { entry, sizeBytes }: OriginalFile,
  { sha256, onDigest, signal }: ReadFileOptions,
): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  const expectedCrc = source.entries.get(entry)?.crc32;
  let crc = 0;
  let bytes = 0;
  for await (const chunk of source.read(entry)) {
    signal.throwIfAborted();
    bytes += chunk.length;
    // A zip's entry may unpack to more than its declared size.
    if (bytes > sizeBytes) break;
    hash.update(chunk);
    if (expectedCrc !== undefined) crc = zlib.crc32(chunk, crc);
    yield chunk;
  }
  if (bytes !== sizeBytes || (expectedCrc !== undefined && crc !== expectedCrc)) {
    throw invalidArchive(`The file ${quote(entry)} is damaged.`, { details: { entry } });
  }
  const digest = hash.digest("hex");
  if (sha256 !== undefined && digest !== sha256) throw digestMismatch(entry);
  onDigest?.(digest);
}
