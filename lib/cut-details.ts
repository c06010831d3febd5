import { clip } from "./shared/warnings.ts";

/** Maximum of items in a list, and of characters in a text. PostgreSQL's own names have up to 63 bytes. */
const MAX_ITEMS = 1000;
const MAX_TEXT_LENGTH = 5000;
/** Maximum number of characters of all texts in one detail. */
const MAX_DETAIL_LENGTH = 250_000;

/** Returns an error's details with limits on number and length, because an archive may determine both. */
export function cutDetails(details: Record<string, unknown>): Record<string, unknown> {
  return mapValues(details, (detail) => cut(detail, { left: MAX_DETAIL_LENGTH }));
}

function cut(value: unknown, room: { left: number }): unknown {
  if (typeof value === "string") {
    const text = clip(value, MAX_TEXT_LENGTH);
    room.left -= text.length;
    return text;
  }
  if (Array.isArray(value)) {
    const kept: unknown[] = [];
    for (const item of value) {
      if (kept.length === MAX_ITEMS || room.left < 0) break;
      kept.push(cut(item, room));
    }
    return kept;
  }
  if (typeof value !== "object" || value === null) return value;
  return mapValues(value, (it) => cut(it, room));
}

const mapValues = (values: object, map: (value: unknown) => unknown): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, map(value)]));
