import type { CatalogColumn } from "./catalog.ts";

/** The largest whole number that a column is sure to distinguish from the next one; null for other types. */
export function largestNumber({ type, valueType }: CatalogColumn): bigint | null {
  if (valueType.isArray) return null;
  switch (valueType.name) {
    case "int2":
      return 2n ** 15n - 1n;
    case "int4":
      return 2n ** 31n - 1n;
    case "int8":
      return 2n ** 63n - 1n;
    case "float4":
      return 2n ** 24n;
    case "float8":
      return 2n ** 53n;
    case "numeric":
      return largestNumeric(type);
    default:
      return null;
  }
}

/** The digits of a domain are unknown and count as enough. */
function largestNumeric(type: string): bigint {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  const digits = precision === undefined ? 19 : Number(precision) - Number(scale);
  return 10n ** BigInt(Math.max(Math.min(digits, 19), 0)) - 1n;
}
