import type { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { constants, createInflateRaw, createZstdCompress, createZstdDecompress } from "node:zlib";

const CHUNK_BYTES = 128 * 1024;

/** 8 MB, what every zstd decoder supports. Level 3 needs 2 MB; more would only serve a memory bomb. */
const WINDOW_LOG_MAX = 23;

/** A new zstd compressor: level 3, with a checksum, as the `zstd` tool makes it. */
export function createCompressor(): Transform {
  return createZstdCompress({
    chunkSize: CHUNK_BYTES,
    params: {
      [constants.ZSTD_c_compressionLevel]: 3,
      [constants.ZSTD_c_checksumFlag]: 1,
    },
  });
}

/** A new zstd decompressor. Its output is not limited: whoever uses it counts the bytes. */
export function createDecompressor(): Transform {
  return createZstdDecompress({
    chunkSize: CHUNK_BYTES,
    params: { [constants.ZSTD_d_windowLogMax]: WINDOW_LOG_MAX },
  });
}

/** Undoes the zip's own deflate. Its output is not limited: whoever uses it counts the bytes. */
export async function* inflate(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const inflater = createInflateRaw({ chunkSize: CHUNK_BYTES });
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
