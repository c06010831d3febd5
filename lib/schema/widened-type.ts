import type { CatalogColumn, ColumnEncoding } from "./catalog.ts";

/** A built-in type as `format_type` writes it. */
interface BuiltInType {
  base: string;
  /** Length, precision or fractional digits of a second, and scale; null if there is none. */
  modifier: number | null;
  scale: number | null;
  isArray: boolean;
}

const TYPE =
  /^([a-z]+(?: (?:varying|precision))?)(?:\((\d{1,8})(?:,(-?\d{1,4}))?\))?( with(?:out)? time zone)?(\[\])?$/;

function parseType(type: string): BuiltInType | null {
  const match = TYPE.exec(type);
  if (!match) return null;
  const [, word = "", modifier, scale, zone = "", array] = match;
  return {
    base: word + zone,
    modifier: modifier === undefined ? null : Number(modifier),
    scale: scale === undefined ? null : Number(scale),
    isArray: array !== undefined,
  };
}

/** The types that can be widened, by the encoding that the catalog gives to columns of them. */
const JSON_TYPES = ["smallint", "integer", "real", "text", "character varying", "character"];
const TEXT_TYPES = [
  ...["bigint", "numeric", "bit varying", "timestamp with time zone"],
  ...["timestamp without time zone", "time with time zone", "time without time zone"],
];

/** How many decimal digits a value of an integer type may have. */
const INTEGER_DIGITS: Record<string, number> = { smallint: 5, integer: 10, bigint: 19 };

/** Other base types that hold every value exactly. */
const WIDER: Record<string, string[]> = {
  smallint: ["integer", "bigint", "real", "double precision"],
  integer: ["bigint", "double precision"],
  real: ["double precision"],
  character: ["character varying", "text"],
  "character varying": ["text"],
  text: ["character varying"],
};

/** Without a modifier there is no limit, or the type's default applies: six fractional digits of a second. */
const isAtLeast = (to: number | null, from: number | null): boolean =>
  to === null || (from !== null && to >= from);

function holdsDigits(to: BuiltInType, integerDigits: number, scale: number): boolean {
  if (to.modifier === null) return true;
  const toScale = to.scale ?? 0;
  return toScale >= scale && to.modifier - toScale >= integerDigits;
}

function isWider(from: BuiltInType, to: BuiltInType): boolean {
  if (from.isArray !== to.isArray) return false;
  if (to.base === "numeric") {
    const digits = INTEGER_DIGITS[from.base];
    if (digits !== undefined) return holdsDigits(to, digits, 0);
    if (from.base !== "numeric") return false;
    const scale = from.scale ?? 0;
    return from.modifier === null
      ? to.modifier === null
      : holdsDigits(to, from.modifier - scale, scale);
  }
  if (from.base === to.base) {
    const timeDigits = from.base.startsWith("time");
    return isAtLeast(to.modifier, timeDigits ? (from.modifier ?? 6) : from.modifier);
  }
  return (WIDER[from.base]?.includes(to.base) ?? false) && isAtLeast(to.modifier, from.modifier);
}

/**
 * The type as which to read an archive's values, if the column's type now holds each of them exactly, for example after
 * `ALTER COLUMN … TYPE`. It consists of known words and numbers, so it may be used in SQL.
 *
 * @returns null if the types are of another kind, or a value might not fit
 */
export function widenedFrom(
  archived: { type: string; encoding: ColumnEncoding },
  column: Pick<CatalogColumn, "type">,
): string | null {
  const from = parseType(archived.type);
  const to = parseType(column.type);
  if (!from || !to || ![...JSON_TYPES, ...TEXT_TYPES].includes(from.base)) return null;
  const encoding = from.isArray || TEXT_TYPES.includes(from.base) ? "text" : "json";
  return archived.encoding === encoding && isWider(from, to) ? archived.type : null;
}
