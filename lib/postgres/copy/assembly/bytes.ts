/** AssemblyScript: byte constants and helpers for both conversions. */

export const TAB: u32 = 9;
export const NEWLINE: u32 = 10;
export const QUOTE: u32 = 34;
export const COMMA: u32 = 44;
export const MINUS: u32 = 45;
export const DOT: u32 = 46;
export const SLASH: u32 = 47;
export const ZERO: u32 = 48;
export const NINE: u32 = 57;
export const OPEN: u32 = 91;
export const BACKSLASH: u32 = 92;
export const CLOSE: u32 = 93;
export const BEGIN: u32 = 123;
export const END: u32 = 125;
export const SPACE: u32 = 32;

/** Reads and writes take sixteen bytes at a time, even if fewer are left. */
export const VECTOR: usize = 16;

/**
 * Size of a column's description: address of its key, length of the key, kind. Each key is followed by room for a
 * vector.
 */
export const COLUMN_BYTES: usize = 12;

export function isDigit(byte: u32): bool {
  return byte - ZERO <= NINE - ZERO;
}

/** Marks each of sixteen bytes that needs escaping with a bit: below a space, a backslash, or `quote`. */
export function special(bytes: v128, quote: v128): i32 {
  const control = i8x16.lt_u(bytes, i8x16.splat(0x20));
  const backslash = i8x16.eq(bytes, i8x16.splat(0x5c));
  return i8x16.bitmask(v128.or(v128.or(control, backslash), i8x16.eq(bytes, quote)));
}
