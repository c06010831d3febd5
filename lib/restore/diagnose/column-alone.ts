/** In bytes. A larger row is not parsed only to find the failing value. */
const MAX_PARSED_BYTES = 64 * 1024 * 1024;

/**
 * Reduces a JSON array with one row to one of its values. Preserves the bytes in any encoding.
 *
 * @param json the array
 * @returns null if the row lacks the value, or is too large
 */
export function columnAlone(json: Buffer, column: string): Buffer | null {
  if (json.length > MAX_PARSED_BYTES) return null;
  // Decode each byte as one character, because bytes that are not UTF-8 would be lost otherwise.
  const [row] = JSON.parse(json.toString("latin1")) as [Record<string, unknown>];
  const name = Buffer.from(column).toString("latin1");
  if (!Object.hasOwn(row, name)) return null;
  const alone = JSON.stringify([{ [name]: row[name] }]);
  const escaped = alone.replaceAll(
    /[\u0100-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return Buffer.from(escaped, "latin1");
}
