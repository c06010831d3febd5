import type { CatalogColumn } from "./catalog.ts";

const LARGEST: Record<string, bigint> = {
  int2: 2n ** 15n - 1n,
  int4: 2n ** 31n - 1n,
  int8: 2n ** 63n - 1n,
  float4: 2n ** 24n,
  float8: 2n ** 53n,
};

/** The largest whole number that a column is sure to distinguish from the next one; null for other types. */
export function largestNumber({ type, valueType }: CatalogColumn): bigint | null {
  if (valueType.isArray) return null;
  return valueType.name === "numeric"
    ? largestNumeric(type)
    : (LARGEST[`${valueType.name}`] ?? null);
}

/** The digits of a domain are unknown and count as enough. */
function largestNumeric(type: string): bigint {
  const [, precision, scale] = /^numeric\((\d+),(-?\d+)\)$/.exec(type) ?? [];
  const digits = precision === undefined ? 19 : Number(precision) - Number(scale);
  return 10n ** BigInt(Math.max(Math.min(digits, 19), 0)) - 1n;
}
