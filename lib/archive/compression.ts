import type { Transform, TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
// Not by name: what an older Node.js does not have would fail here, before requireNode says so.
import zlib, { constants, createInflateRaw } from "node:zlib";
import { freeOwn, markParts } from "../own-memory.ts";

const CHUNK_BYTES = 128 * 1024;
const MIN_CHUNK_BYTES = 1024;
/** The least that is in nobody else's memory: what small buffers share is kept by who keeps a name, as a zip's writer. */
const MIN_OWN_BYTES = Buffer.poolSize / 2;

/** For little content, little memory: each stream has a chunk of its own, and garbage collectors overlook them. */
const chunkSizeFor = (expectedBytes: number): number =>
  Math.max(MIN_CHUNK_BYTES, Math.min(CHUNK_BYTES, Math.ceil(expectedBytes)));

/** 8 MB, what every zstd decoder supports. Level 1 needs 512 KB; more would only serve a memory bomb. */
const WINDOW_LOG_MAX = 23;

/** Rows compress to about a quarter. */
const USUAL_RATIO = 0.25;

/**
 * A new zstd compressor, with a checksum. Level 1: on rows of JSON twice as fast as 3, and hardly larger or even smaller.
 *
 * @param expectedBytes what goes in, as far as is known
 */
export function createCompressor(expectedBytes = Number.POSITIVE_INFINITY): Transform {
  const compressor = zlib.createZstdCompress({
    chunkSize: Math.max(MIN_OWN_BYTES, chunkSizeFor(expectedBytes * USUAL_RATIO)),
    params: {
      [constants.ZSTD_c_compressionLevel]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  return freeingInput(compressor);
}

/**
 * A new zstd decompressor. Its output is not limited: whoever uses it counts the bytes.
 *
 * @param expectedBytes what comes out, as far as is known
 */
export function createDecompressor(expectedBytes: number): Transform {
  const decompressor = zlib.createZstdDecompress({
    // A byte more: where a chunk is full, there is another.
    chunkSize: chunkSizeFor(expectedBytes + 1),
    params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
  });
  const push = decompressor.push;
  decompressor.push = (chunk: Buffer | null) => push.call(decompressor, chunk && markParts(chunk));
  return freeingInput(decompressor);
}

function freeingInput(stream: Transform): Transform {
  const transform = stream._transform;
  stream._transform = (chunk: Buffer, encoding, done: TransformCallback) =>
    transform.call(stream, chunk, encoding, (error, data) => {
      freeOwn(chunk);
      done(error, data);
    });
  return stream;
}

/**
 * Undoes the zip's own deflate. Its output is not limited: whoever uses it counts the bytes.
 *
 * @param expectedBytes what comes out, as far as is known
 */
export async function* inflate(
  source: AsyncIterable<Buffer>,
  expectedBytes: number,
): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: chunkSizeFor(expectedBytes + 1) });
  const done = pipeline(source, inflater);
  // The same error comes out of the inflater.
  done.catch(() => {});
  yield* inflater;
  await done;
}

/** Whether this is an error of a compressed stream's content. */
export function isCompressionError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return /^(Z_|ZSTD_|ERR_ZSTD_)/.test(code);
}
