import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { StoredUpload } from "../../shared/api.ts";

/** Returns the size and checksum of a stored upload. Reads the whole file. @param file its path on the disk */
export async function describeUpload(file: string, signal?: AbortSignal): Promise<StoredUpload> {
  const hash = createHash("sha256");
  const stream = createReadStream(file);
  await pipeline(stream, hash, { signal });
  return { sizeBytes: stream.bytesRead, sha256: hash.digest("hex") };
}
