import type { Column } from "./cells.ts";

/** Of a grid's column: as wide as values of its type usually are, and never less than its name. */
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
