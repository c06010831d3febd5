import { Decrypter } from "age-encryption";
import { Decompress } from "fzstd";
import { oversizedHeader } from "../../lib/shared/archive/fault.ts";
import type { ManifestTable } from "../../lib/shared/archive/manifest.ts";
import { MAX_HEADER_BYTES } from "../../lib/shared/archive-format.ts";
import { ageIdentity, oneByOne } from "../../lib/shared/one-by-one.ts";
import { chunksOf, countNewlines } from "./read-entry.ts";
import { Sha256 } from "./sha256.ts";

/** Messages are not answered during this time. */
const SLICE_MS = 25;
const LAST_HEADER_LINE = "\n--- ";

/** Decrypts an age file with the identity. Fails with age-encryption's own errors. */
export function decrypt(
  identity: string,
  source: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(oneByOne(ageIdentity(identity), turn));
  return decrypter.decrypt(source.pipeThrough(boundedHeader()));
}

let messagesReadAt = 0;

/** Lets the worker receive messages, such as a cancellation, if it has not for a while. */
async function turn(): Promise<void> {
  if (performance.now() - messagesReadAt < SLICE_MS) return;
  await new Promise((resolve) => setTimeout(resolve));
  messagesReadAt = performance.now();
}

/** Fails if an age file's header exceeds the limit, because the whole header would be held in memory and tried. */
function boundedHeader(): TransformStream<Uint8Array, Uint8Array> {
  const latin1 = new TextDecoder("latin1");
  let head: string | null = "";
  return new TransformStream({
    transform(chunk, controller) {
      if (head !== null) {
        head += latin1.decode(chunk.subarray(0, MAX_HEADER_BYTES + LAST_HEADER_LINE.length));
        const end = head.indexOf(LAST_HEADER_LINE);
        if ((end === -1 ? head.length : end) > MAX_HEADER_BYTES) {
          throw oversizedHeader();
        }
        if (end !== -1) head = null;
      }
      controller.enqueue(chunk);
    },
  });
}

/**
 * Reads a table's entry.
 *
 * @param identity null if nothing is encrypted
 * @throws if anything differs from the manifest, before the end
 */
export async function* readVerified(
  source: ReadableStream<Uint8Array>,
  table: ManifestTable,
  identity: string | null,
): AsyncGenerator<Uint8Array, void, void> {
  const stored = new Sha256();
  const json = new Sha256();
  const counted = source.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        if (identity !== null) stored.update(chunk);
        if (stored.bytes > table.storedBytes) throw new Error("The entry is too long.");
        controller.enqueue(chunk);
      },
    }),
  );
  let newlines = 0;
  const content =
    identity === null ? chunksOf(counted) : decompress(await decrypt(identity, counted));
  for await (const chunk of content) {
    json.update(chunk);
    // This stops a decompression bomb.
    if (json.bytes > table.jsonBytes) throw new Error("The table is too long.");
    newlines += countNewlines(chunk);
    yield chunk;
  }
  const agrees =
    json.bytes === table.jsonBytes &&
    json.digest() === table.jsonSha256 &&
    (identity === null ||
      (stored.bytes === table.storedBytes && stored.digest() === table.storedSha256)) &&
    // There is one line per row, and a last line that closes the array. Without rows, a separate line opens it.
    newlines === (table.rows === 0 ? 2 : table.rows + 1);
  if (!agrees) throw new Error("The table differs from the manifest.");
}

/** Decompresses zstd chunk by chunk. */
async function* decompress(
  source: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const pieces: Uint8Array[] = [];
  const decompressor = new Decompress((piece) => {
    pieces.push(piece);
  });
  for await (const chunk of chunksOf(source)) {
    decompressor.push(chunk);
    yield* pieces.splice(0);
  }
  decompressor.push(new Uint8Array(), true);
  yield* pieces.splice(0);
}
