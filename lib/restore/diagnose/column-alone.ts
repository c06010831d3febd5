/** A longer row is not parsed only to know which of its values is to blame. */
const MAX_PARSED_BYTES = 64 * 1024 * 1024;

/**
 * Of a JSON array of one row the same with one value only, byte for byte whatever encoding they are in.
 *
 * @returns null if the row has no such value, or is too long
 */
export function columnAlone(json: Buffer, column: string): Buffer | null {
  if (json.length > MAX_PARSED_BYTES) return null;
  // A character for each byte: what is no UTF-8 would not survive otherwise.
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
