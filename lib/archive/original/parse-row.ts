import { isUtf8 } from "node:buffer";

/** A row as in the file. Numbers that JavaScript cannot represent are `ExactNumber`s. */
export type Row = Record<string, unknown>;

/** A number's original text, which JSON.stringify writes unchanged. */
interface ExactNumber {
  rawJSON: string;
}

/** Node supports these functions, but TypeScript's library lacks them. */
const exactJson = JSON as unknown as {
  parse(
    text: string,
    reviver: (key: string, value: unknown, context: { source?: string }) => unknown,
  ): unknown;
  rawJSON(text: string): ExactNumber;
  isRawJSON(value: unknown): value is ExactNumber;
};

export const { isRawJSON: isExactNumber, rawJSON: exactNumber } = exactJson;

/**
 * Parses one row. If a JavaScript number may not represent its digits, every number keeps its text.
 *
 * @throws Error if it is not a JSON object
 */
export function parseRow(bytes: Buffer): Row {
  if (!isUtf8(bytes)) throw new Error("not UTF-8");
  const text = bytes.toString();
  const row: unknown = mayBeImprecise(text)
    ? exactJson.parse(text, (_, value, { source }) =>
        typeof value === "number" && source !== undefined && source !== String(value)
          ? exactNumber(source)
          : value,
      )
    : JSON.parse(text);
  if (typeof row !== "object" || row === null || Array.isArray(row)) throw new Error("no object");
  return row as Row;
}

const mayBeImprecise = (text: string): boolean => /[\d.]{16}/.test(text);

/** Whether a JSON value contains a number of 16 digits or more, which JavaScript may have rounded. */
export function holdsImpreciseNumber(value: unknown): boolean {
  if (typeof value === "number") {
    return !Number.isSafeInteger(value) && significantDigits(String(value)) > 15;
  }
  if (isExactNumber(value)) return significantDigits(value.rawJSON) > 15;
  if (typeof value !== "object" || value === null) return false;
  return Object.values(value).some(holdsImpreciseNumber);
}

function significantDigits(number: string): number {
  const digits = number.replace(/[eE].*$/, "").replaceAll(/[-.]/g, "");
  return digits.replace(/^0+/, "").length;
}
