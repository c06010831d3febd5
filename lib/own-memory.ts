/** Memory that is exclusively owned, with the number of its bytes that are still needed. */
const own = new WeakMap<ArrayBufferLike, number>();

/** Marks memory that this buffer alone uses, to be freed early. @param neededBytes how many `freeOwn` will get */
export function markOwn(bytes: Buffer, neededBytes = bytes.length): Buffer {
  // Small buffers share their memory.
  if (bytes.length === bytes.buffer.byteLength) own.set(bytes.buffer, neededBytes);
  return bytes;
}

/** Call it with each part of a large new buffer. The first marks the memory; `freeOwn` gets all of them later. */
export function markParts(part: Buffer): Buffer {
  const { buffer, byteOffset } = part;
  if (byteOffset === 0 && !own.has(buffer)) own.set(buffer, buffer.byteLength);
  return part;
}

/**
 * Frees marked memory once all of its needed bytes were passed here, by their last user. Otherwise the garbage
 * collector would run for such memory alone, some hundred times a minute.
 */
export function freeOwn({ buffer, length }: Uint8Array): void {
  const needed = own.get(buffer);
  if (needed === undefined || !(buffer instanceof ArrayBuffer)) return;
  if (length < needed) own.set(buffer, needed - length);
  else if (own.delete(buffer)) buffer.transfer(0);
}

/** Joins chunks in memory of their own. A name from `Buffer.concat` may keep all that small buffers share. */
export function concatOwn(pieces: readonly Uint8Array[]): Buffer {
  const joined = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return markOwn(joined);
}
