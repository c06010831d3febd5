import type { Transform, TransformCallback } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createInflateRaw, createZstdCompress, createZstdDecompress } from "node:zlib";
import { freeOwn, markParts } from "../own-memory.ts";

const CHUNK_BYTES = 128 * 1024;

/** 8 MB, what every zstd decoder supports. Level 1 needs 512 KB; more would only serve a memory bomb. */
const WINDOW_LOG_MAX = 23;

/** A new zstd compressor, with a checksum. Level 1: on rows of JSON twice as fast as 3, and hardly larger or even smaller. */
export function createCompressor(): Transform {
  const compressor = createZstdCompress({
    chunkSize: CHUNK_BYTES,
    params: {
      [constants.ZSTD_c_compressionLevel]: 1,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
  const transform = compressor._transform;
  compressor._transform = (chunk: Buffer, encoding, done: TransformCallback) =>
    transform.call(compressor, chunk, encoding, (error, data) => {
      freeOwn(chunk);
      done(error, data);
    });
  return compressor;
}

/** A new zstd decompressor. Its output is not limited: whoever uses it counts the bytes. */
export function createDecompressor(): Transform {
  const decompressor = createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
  });
  const push = decompressor.push;
  decompressor.push = (chunk: Buffer | null) => push.call(decompressor, chunk && markParts(chunk));
  return decompressor;
}

const MIN_CHUNK_BYTES = 1024;

/**
 * Undoes the zip's own deflate. Its output is not limited: whoever uses it counts the bytes.
 *
 * @param sizeBytes what comes out, as far as is known: for little, little memory is taken
 */
export async function* inflate(
  source: AsyncIterable<Buffer>,
  sizeBytes: number,
): AsyncGenerator<Buffer> {
  // A byte more: where a chunk is full, there is another.
  const chunkSize = Math.max(MIN_CHUNK_BYTES, Math.min(CHUNK_BYTES, sizeBytes + 1));
  const inflater = createInflateRaw({ chunkSize });
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
