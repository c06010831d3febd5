import type { Transform, TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
// Not by name: an import that an older Node.js lacks would fail here, before requireNode reports the version.
import zlib, { constants, createInflateRaw } from "node:zlib";
import { systemCodeOf } from "../errors.ts";
import { freeOwn, markParts } from "../own-memory.ts";

const CHUNK_BYTES = 128 * 1024;
const MIN_CHUNK_BYTES = 1024;
/**
 * From this size on, a buffer has its own memory. Smaller ones share a pool, which stays as long as anything uses it.
 */
const MIN_OWN_BYTES = Buffer.poolSize / 2;

/** Each stream has a chunk buffer, which the garbage collector underestimates, so it is small for little content. */
const chunkSizeFor = (expectedBytes: number): number =>
  Math.max(MIN_CHUNK_BYTES, Math.min(CHUNK_BYTES, Math.ceil(expectedBytes)));

/** 8 MB, which every zstd decoder supports. Level 1 needs 512 KB. A larger window would only help a memory bomb. */
const WINDOW_LOG_MAX = 23;

/** Rows compress to about a quarter of their size. */
const USUAL_RATIO = 0.25;

/**
 * Creates a zstd compressor with a checksum. Level 1 is twice as fast as level 3 on rows, for about the same size.
 *
 * @param expectedBytes size of the input, as far as known
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
 * Creates a zstd decompressor. The caller must limit its output.
 *
 * @param expectedBytes size of the output, as far as known
 */
export function createDecompressor(expectedBytes: number): Transform {
  const decompressor = zlib.createZstdDecompress({
    // One byte more, because a full chunk makes zlib allocate another.
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
 * Inflates an entry that the zip itself deflated. The caller must limit its output.
 *
 * @param expectedBytes size of the output, as far as known
 */
export async function* inflate(
  source: AsyncIterable<Buffer>,
  expectedBytes: number,
): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: chunkSizeFor(expectedBytes + 1) });
  const done = pipeline(source, inflater);
  // The inflater fails with the same error.
  done.catch(() => {});
  yield* inflater;
  await done;
}

export const isCompressionError = (error: unknown): boolean =>
  /^(Z_|ZSTD_|ERR_ZSTD_)/.test(systemCodeOf(error));
