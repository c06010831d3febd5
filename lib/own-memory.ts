/** By memory that is in nobody else's hands: how many of its bytes are still needed. */
const own = new WeakMap<ArrayBufferLike, number>();

/**
 * Remembers that these bytes' memory is in nobody else's hands, as that of a large new buffer is.
 *
 * @param neededBytes how many of them will be given to `freeOwn`; all, unless some are of no use
 */
export function markOwn(bytes: Buffer, neededBytes = bytes.length): Buffer {
  // Small buffers share their memory.
  if (bytes.length === bytes.buffer.byteLength) own.set(bytes.buffer, neededBytes);
  return bytes;
}

/** The same for the first of a large new buffer's parts, all of which are given to `freeOwn` one after the other. */
export function markParts(part: Buffer): Buffer {
  const { buffer, byteOffset } = part;
  if (byteOffset === 0 && !own.has(buffer)) own.set(buffer, buffer.byteLength);
  return part;
}

/**
 * Frees such memory once this was called for all of its bytes, by who uses them last. It would else wait for the
 * garbage collector, which then runs for nothing but such memory, some hundred times a minute.
 */
export function freeOwn({ buffer, length }: Uint8Array): void {
  const needed = own.get(buffer);
  if (needed === undefined || !(buffer instanceof ArrayBuffer)) return;
  if (length < needed) own.set(buffer, needed - length);
  else if (own.delete(buffer)) buffer.transfer(0);
}

/**
 * Joins pieces in memory of their own. What `Buffer.concat` gives may be a part of what all small buffers share, and
 * whoever keeps one of these, if only a name, keeps that as a whole.
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
