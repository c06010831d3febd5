/** Converts the original's values, which JavaScript wrote as JSON, to format 1. Pure. */
import type { CatalogColumn } from "../../schema/catalog.ts";
import { isExactNumber } from "./parse-row.ts";
import type { ValueKind } from "./scan-file.ts";

/** A value that its column cannot have contained. The error does not include the value. */
export class UnfitValue extends Error {}

const isJson = (type: string | null): boolean => type === "json" || type === "jsonb";

/** Whether the column does not accept NULL. Then a `null` in its place was JSON's. */
export const refusesNull = ({ notNull, valueType }: CatalogColumn): boolean =>
  notNull || valueType.refusesNull;

/** Whether values of this kind fit the column's type. PostgreSQL checks their content. */
export function fitsColumn(kind: ValueKind, { valueType: { name, isArray } }: CatalogColumn) {
  if (kind === "null") return true;
  if (isArray) return kind === "array" || kind === "string";
  if (isJson(name)) return true;
  if (name === "bytea") return kind === "object" || kind === "array" || kind === "string";
  return kind !== "object" && kind !== "array";
}

/** Converts a value to the form of format 1 for this column. @throws UnfitValue */
export function convertValue(value: unknown, column: CatalogColumn): unknown {
  const { name, isArray } = column.valueType;
  if (isArray) {
    // Prisma does not know arrays of users' types, and passes PostgreSQL's text through.
    if (value === null || typeof value === "string") return value;
    return arrayLiteral(value, name);
  }
  if (value === null && !(isJson(name) && refusesNull(column))) return null;
  switch (column.encoding) {
    case "jsonb":
      return value === null || isWrapping(value) ? { $json: value } : value;
    case "json":
      if (typeof value === "object" && !isExactNumber(value)) throw new UnfitValue();
      return value;
    case "text":
      return textOf(value, name);
    default:
      throw column.encoding satisfies never;
  }
}

const isWrapping = (value: unknown): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && "$json" in value;

/** Returns PostgreSQL's text for a value that is not null, or JSON's null. */
function textOf(value: unknown, type: string | null): string {
  if (isJson(type)) return JSON.stringify(value);
  if (type === "bytea") return bytesText(value);
  if (isExactNumber(value)) return value.rawJSON;
  if (typeof value === "object") throw new UnfitValue();
  const text = String(value);
  return type !== null && type in DATE_TIME
    ? dateTimeText(text, DATE_TIME[type as DateTimeType])
    : text;
}

function arrayLiteral(value: unknown, type: string | null): string {
  if (!Array.isArray(value)) throw new UnfitValue();
  const elements = value.map((element: unknown) => {
    if (element === null) return "NULL";
    // An array inside an array of JSON is a JSON value.
    if (Array.isArray(element) && !isJson(type)) return arrayLiteral(element, type);
    return `"${textOf(element, type).replaceAll(/[\\"]/g, "\\$&")}"`;
  });
  return `{${elements.join(",")}}`;
}

/** Accepts `{"0": 255}` (Uint8Array), `{"type": "Buffer", "data": [255]}`, `[255]`, or text. */
function bytesText(value: unknown): string {
  if (typeof value === "string") {
    if (!/^\\x(?:[0-9a-f]{2})*$/i.test(value.slice(0, 4096)) && value !== "")
      throw new UnfitValue();
    return value;
  }
  if (typeof value !== "object" || value === null) throw new UnfitValue();
  const bytes = "type" in value && "data" in value ? value.data : value;
  if (typeof bytes !== "object" || bytes === null) throw new UnfitValue();
  const indexed = bytes as Record<number, unknown>;
  const length = Array.isArray(bytes) ? bytes.length : Object.keys(bytes).length;
  const buffer = Buffer.alloc(length);
  for (let index = 0; index < length; index++) {
    const byte = indexed[index];
    if (!(Number.isInteger(byte) && 0 <= Number(byte) && Number(byte) <= 255)) {
      throw new UnfitValue();
    }
    buffer[index] = Number(byte);
  }
  return `\\x${buffer.toString("hex")}`;
}

/** The parts of a Date's text that each type uses, and the zone to append. Prisma made a Date in UTC of all of them. */
const DATE_TIME = {
  date: { date: true, time: false, zone: "" },
  time: { date: false, time: true, zone: "" },
  timetz: { date: false, time: true, zone: "+00" },
  timestamp: { date: true, time: true, zone: "" },
  timestamptz: { date: true, time: true, zone: "+00" },
};
type DateTimeType = keyof typeof DATE_TIME;

function dateTimeText(text: string, parts: (typeof DATE_TIME)[DateTimeType]): string {
  const found = /^([+-]\d{6}|\d{4})-(\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d+)?)Z$/.exec(text);
  if (!found) return text;
  const [, isoYear = "", day, time] = found;
  // A time of 24:00:00 had become the first moment of the next day.
  if (!parts.date)
    return `${isoYear === "1970" && day === "01-02" ? "24:00:00" : time}${parts.zone}`;
  const year = Number(isoYear);
  const date = `${String(year > 0 ? year : 1 - year).padStart(4, "0")}-${day}`;
  return `${date}${parts.time ? ` ${time}${parts.zone}` : ""}${year > 0 ? "" : " BC"}`;
}
