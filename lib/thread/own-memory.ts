const own = new WeakSet<ArrayBufferLike>();

/** Remembers that this memory is in nobody else's hands; unless it shares it with other small buffers. */
export function markOwn(bytes: Buffer): Buffer {
  if (bytes.length === bytes.buffer.byteLength) own.add(bytes.buffer);
  return bytes;
}

/**
 * Frees such memory, to be called by who uses it last. It would else wait for the garbage collector, which runs too
 * seldom where little but such memory is used.
 */
export function freeOwn({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && own.delete(buffer)) buffer.transfer(0);
}
