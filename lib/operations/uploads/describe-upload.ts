import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import type { StoredUpload } from "../../shared/api.ts";

/** What of an upload is stored. Reads all of it. @param file where it rests */
export async function describeUpload(file: string, signal?: AbortSignal): Promise<StoredUpload> {
  const hash = createHash("sha256");
  const stream = createReadStream(file);
  await pipeline(stream, hash, { signal });
  return { sizeBytes: stream.bytesRead, sha256: hash.digest("hex") };
}
