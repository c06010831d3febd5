import type { KeyboardEvent } from "react";
import type { GraphLayout, GraphNode } from "./layout.ts";
import { type Direction, isDirection, tableAt } from "./neighbours.ts";
import { ZOOM_STEP, type Zoom } from "./use-zoom.ts";

const SCROLL_PX = 80;
const SCROLLS: Record<Direction, [dx: number, dy: number]> = {
  ArrowLeft: [-SCROLL_PX, 0],
  ArrowRight: [SCROLL_PX, 0],
  ArrowUp: [0, -SCROLL_PX],
  ArrowDown: [0, SCROLL_PX],
};

interface GraphActions {
  zoom: Zoom;
  goTo: (node: GraphNode) => void;
  select: (key: string) => void;
  /** Null if nothing is selected. */
  clear: (() => void) | null;
}

/**
 * What a key does in the graph. Null if the key is the browser's.
 *
 * @param current the table to which the keys moved last
 */
export function actionOf(
  event: KeyboardEvent,
  layout: GraphLayout,
  current: GraphNode | null,
  { zoom, goTo, select, clear }: GraphActions,
): (() => void) | null {
  const { key } = event;
  const kept = current?.key ?? null;
  if (event.altKey || event.ctrlKey || event.metaKey) return null;
  if (isDirection(key)) {
    if (event.shiftKey) return () => zoom.scrollBy(...SCROLLS[key]);
    const next = current ? tableAt(layout, current.key, key) : layout.nodes[0];
    return () => next && goTo(next);
  }
  switch (key) {
    case "Enter":
    case " ":
      return current && (() => select(current.key));
    case "Escape":
      return clear;
    case "+":
    case "=":
      return () => zoom.zoomBy(ZOOM_STEP, kept);
    case "-":
      return () => zoom.zoomBy(1 / ZOOM_STEP, kept);
    case "0":
      return zoom.fit;
    default:
      return null;
  }
}
