const own = new WeakSet<ArrayBufferLike>();

/** Remembers that this memory came from a thread: it is in nobody else's hands. */
export function markOwn(bytes: Buffer): Buffer {
  own.add(bytes.buffer);
  return bytes;
}

/**
 * Frees memory that came from a thread, to be called by who uses it last. It would else wait for the garbage
 * collector, which runs too seldom where little but such memory is used.
 */
export function freeOwn({ buffer }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && own.delete(buffer)) buffer.transfer(0);
}
