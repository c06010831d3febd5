/** The content of a zip's entry, as a stream: nothing of it is in memory as a whole but the zip itself. */
import { Decrypter } from "age-encryption";
import { Decompress } from "fzstd";
import type JSZip from "jszip";
import { oversizedHeader } from "../../lib/shared/archive/fault.ts";
import { MAX_HEADER_BYTES } from "../../lib/shared/archive-format.ts";
import { ageIdentity, oneByOne } from "../../lib/shared/one-by-one.ts";

declare module "jszip" {
  interface JSZipObject {
    /** Documented, and missing in JSZip's own types. */
    internalStream(type: "uint8array"): JSZip.JSZipStreamHelper<Uint8Array>;
    /** What the zip's directory says of the entry; JSZip has no other way to ask for it. */
    _data: { uncompressedSize: number; crc32: number };
    /** The entry's name as the zip has it, if JSZip made another one of it. */
    unsafeOriginalName?: string;
  }
}

const BUFFERED_BYTES = 1024 * 1024;
/** No message is answered meanwhile. */
const SLICE_MS = 25;
const LAST_HEADER_LINE = "\n--- ";

/** As a zip tool extracts it. Fails where the zip's own compression is damaged. */
export function readStored(entry: JSZip.JSZipObject): ReadableStream<Uint8Array> {
  const source = entry.internalStream("uint8array");
  let isOver = false;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        source.on("data", (chunk) => {
          if (isOver) return;
          controller.enqueue(chunk);
          if ((controller.desiredSize ?? 0) <= 0) source.pause();
        });
        source.on("error", (error) => {
          if (!isOver) controller.error(error);
          isOver = true;
        });
        source.on("end", () => {
          if (!isOver) controller.close();
          isOver = true;
        });
      },
      pull: () => {
        source.resume();
      },
      cancel: () => {
        isOver = true;
        source.pause();
      },
    },
    new ByteLengthQueuingStrategy({ highWaterMark: BUFFERED_BYTES }),
  );
}

/** Decrypts with the identity. Fails with age-encryption's own errors. */
export function decrypt(
  identity: string,
  source: ReadableStream<Uint8Array>,
): Promise<ReadableStream<Uint8Array>> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(oneByOne(ageIdentity(identity), turn));
  return decrypter.decrypt(source.pipeThrough(boundedHeader()));
}

let messagesReadAt = 0;

/** Lets messages in, as one that cancels, if none were for a while. */
async function turn(): Promise<void> {
  if (performance.now() - messagesReadAt < SLICE_MS) return;
  await new Promise((resolve) => setTimeout(resolve));
  messagesReadAt = performance.now();
}

/** Fails where an age file begins with a longer header than any, of which all would be held and tried. */
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

/** Undoes zstd, piece by piece. */
export async function* decompress(
  source: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  let pieces: Uint8Array[] = [];
  const decompressor = new Decompress((piece) => {
    pieces.push(piece);
  });
  function* take() {
    const taken = pieces;
    pieces = [];
    yield* taken;
  }
  for await (const chunk of chunksOf(source)) {
    decompressor.push(chunk);
    yield* take();
  }
  decompressor.push(new Uint8Array(), true);
  yield* take();
}

/** Not every browser's streams can be iterated over. */
export async function* chunksOf(
  stream: ReadableStream<Uint8Array>,
): AsyncGenerator<Uint8Array, void, void> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // What is left of it is not wanted any more.
    await reader.cancel().catch(() => undefined);
  }
}

/** A small entry as a whole. */
export async function collect(
  stream: ReadableStream<Uint8Array>,
  maxBytes: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(stream)) {
    length += chunk.length;
    if (length > maxBytes) throw new RangeError("The entry is larger than in any backup.");
    chunks.push(chunk);
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return bytes;
}

/** A small entry as a whole. Fails where it is not what the zip's directory says. */
export async function readSmall(entry: JSZip.JSZipObject, maxBytes: number): Promise<Uint8Array> {
  const bytes = await collect(readStored(entry), maxBytes);
  if (crc32(bytes) !== entry._data.crc32 >>> 0) throw new Error("The entry is damaged.");
  return bytes;
}

function crc32(bytes: Uint8Array): number {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (0xedb88320 & -(crc & 1));
  }
  return ~crc >>> 0;
}

/** The same chunks, until the signal is aborted: then its reason is thrown. */
export async function* abortable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array, void, void> {
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    yield chunk;
  }
}

const NEWLINE = 0x0a;

export function countNewlines(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
