import type { Column } from "./cells.ts";

/** Returns the width of a grid's column: the usual width of values of its type, but at least that of its name. */
export function columnWidth({ name, type }: Column): string {
  const rem = Math.max(widthOf(type ?? ""), Math.min(14, name.length * 0.6 + 1.5));
  return `${rem}rem`;
}

function widthOf(type: string): number {
  if (/^(smallint|integer|boolean)$/.test(type)) return 6;
  if (/^(bigint|numeric|real|double|date)/.test(type)) return 8;
  if (type === "uuid") return 19;
  if (/^timestamp/.test(type)) return 15;
  return 14;
}
