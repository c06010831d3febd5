/** Memory that is exclusively owned, with the number of its bytes that are still needed. */
const own = new WeakMap<ArrayBufferLike, number>();

/**
 * Marks a buffer as the only owner of its memory, so that the memory may be freed early. Has no effect on small
 * buffers.
 *
 * @param neededBytes how many of its bytes will be passed to `freeOwn`; all, unless some are not needed
 */
export function markOwn(bytes: Buffer, neededBytes = bytes.length): Buffer {
  // Small buffers share their memory.
  if (bytes.length === bytes.buffer.byteLength) own.set(bytes.buffer, neededBytes);
  return bytes;
}

/**
 * Call it with each part of a large new buffer. The first part marks the memory; all parts are passed to `freeOwn`
 * later.
 */
export function markParts(part: Buffer): Buffer {
  const { buffer, byteOffset } = part;
  if (byteOffset === 0 && !own.has(buffer)) own.set(buffer, buffer.byteLength);
  return part;
}

/**
 * Frees marked memory when all of its needed bytes have been passed here. The last user of the bytes calls it.
 * Otherwise the memory would wait for the garbage collector, which then runs only for such memory, some hundred times a
 * minute.
 */
export function freeOwn({ buffer, length }: Uint8Array): void {
  const needed = own.get(buffer);
  if (needed === undefined || !(buffer instanceof ArrayBuffer)) return;
  if (length < needed) own.set(buffer, needed - length);
  else if (own.delete(buffer)) buffer.transfer(0);
}

/**
 * Joins chunks in memory of their own. The result of `Buffer.concat` may be a part of the memory that all small buffers
 * share. To keep even a short name from it would keep all of that memory.
 */
export function concatOwn(pieces: readonly Uint8Array[]): Buffer {
  const joined = Buffer.allocUnsafeSlow(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return markOwn(joined);
}
