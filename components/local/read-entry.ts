/** Reads the content of a zip's entry as a stream. Only the zip itself is in memory as a whole. */
import type JSZip from "jszip";

declare module "jszip" {
  interface JSZipObject {
    /** Documented, but missing in JSZip's own types. */
    internalStream(type: "uint8array"): JSZip.JSZipStreamHelper<Uint8Array>;
    /** The entry's fields from the zip's directory, for which JSZip has no public access. */
    _data: { uncompressedSize: number; crc32: number };
    /** The entry's name in the zip, if JSZip has changed it. */
    unsafeOriginalName?: string;
  }
}

const BUFFERED_BYTES = 1024 * 1024;

/** Reads an entry as a zip tool extracts it. Fails if the zip's own compression is damaged. */
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

/** Needed because not every browser can iterate over streams. */
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
    // The rest of the stream is not needed.
    await reader.cancel().catch(() => undefined);
  }
}

/** Reads a small entry as a whole. */
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
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

/** Reads a small entry as a whole. Fails if its size or checksum differs from the zip's directory. */
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

const NEWLINE = 0x0a;

export function countNewlines(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) count++;
  return count;
}
