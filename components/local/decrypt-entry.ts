import { Decrypter } from "age-encryption";
import { oversizedHeader } from "../../lib/shared/archive/fault.ts";
import { MAX_HEADER_BYTES } from "../../lib/shared/archive-format.ts";
import { ageIdentity, oneByOne } from "../../lib/shared/one-by-one.ts";

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
