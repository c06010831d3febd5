import { type Box, NODE_WIDTH } from "./sizes.ts";

/** A line as an SVG path. It starts at the referenced table, with the arrowhead there. */
export interface Shape {
  path: string;
  arrow: string;
}

interface Point {
  x: number;
  y: number;
}

const HEAD = 8;
const HALF_HEAD = 4.5;
/** Distance between a table's middle and the arcs of a cycle, which keeps them apart from other lines. */
const ARC_PORT = 16;

const middle = (box: Box): number => box.y + box.height / 2;

/**
 * Draws a line from a table's right side to the left side of another in a later layer, through the bends between them.
 */
export function lineBetween(left: Box, right: Box, bends: readonly Point[]): Shape {
  const start = { x: left.x + left.width, y: middle(left) };
  let path = `M${start.x} ${start.y}`;
  let at = start;
  for (const bend of bends) {
    path += `${curve(at, bend)}H${bend.x + NODE_WIDTH}`;
    at = { x: bend.x + NODE_WIDTH, y: bend.y };
  }
  path += curve(at, { x: right.x, y: middle(right) });
  return { path, arrow: `M${start.x} ${start.y}l${HEAD} ${-HALF_HEAD}v${2 * HALF_HEAD}z` };
}

/** A curve that leaves and arrives horizontally. */
function curve(from: Point, to: Point): string {
  const x = (from.x + to.x) / 2;
  return `C${x} ${from.y} ${x} ${to.y} ${to.x} ${to.y}`;
}

/**
 * Draws an arc between two tables that stand above each other: down on the right, up on the left, so that both
 * directions are visible.
 */
export function arcInCycle(from: Box, to: Box): Shape {
  const side = from.y < to.y ? 1 : -1;
  const x = side === 1 ? from.x + from.width : from.x;
  const start = middle(to) - side * ARC_PORT;
  const end = middle(from) + side * ARC_PORT;
  // Longer arcs bulge further, within the cycle's frame.
  const bulge = x + side * Math.min(38, 20 + Math.abs(start - end) / 12);
  return {
    path: `M${x} ${start}C${bulge} ${start} ${bulge} ${end} ${x} ${end}`,
    arrow: `M${x} ${start}l${side * HEAD} ${-HALF_HEAD}v${2 * HALF_HEAD}z`,
  };
}

/** Draws the reference of a table to itself, at its upper right corner. */
export function loop({ x, y, width }: Box): Shape {
  const right = x + width - 16;
  const left = right - 26;
  return {
    path: `M${right} ${y}C${right + 4} ${y - 17} ${left - 4} ${y - 17} ${left} ${y}`,
    arrow: `M${right} ${y}l${-HALF_HEAD + 1} ${-HEAD}h${2 * HALF_HEAD}z`,
  };
}
