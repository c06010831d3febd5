import type { KeyboardEvent } from "react";
import type { GraphLayout, GraphNode } from "./layout.ts";
import type { Moves } from "./moves.ts";
import { type Direction, isDirection, tableAt } from "./neighbours.ts";
import { ZOOM_STEP } from "./view.ts";

const PAN_PX = 80;
const PANS: Record<Direction, [number, number]> = {
  ArrowLeft: [-PAN_PX, 0],
  ArrowRight: [PAN_PX, 0],
  ArrowUp: [0, -PAN_PX],
  ArrowDown: [0, PAN_PX],
};

interface GraphActions extends Pick<Moves, "pan" | "zoom" | "showAll"> {
  goTo: (node: GraphNode) => void;
  select: (key: string) => void;
  /** Null if nothing is selected. */
  clear: (() => void) | null;
}

/**
 * Handles the keys of the graph. Leaves the others to the browser.
 *
 * @param current the table to which the keys moved last
 */
export const keyHandler =
  (layout: GraphLayout, current: GraphNode | null, actions: GraphActions) =>
  (event: KeyboardEvent): void => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const act = actionOf(event, layout, current, actions);
    if (!act) return;
    event.preventDefault();
    act();
  };

/** What a key does, or null if it does nothing here. */
function actionOf(
  { key, shiftKey }: KeyboardEvent,
  layout: GraphLayout,
  current: GraphNode | null,
  actions: GraphActions,
): (() => void) | null {
  if (isDirection(key)) {
    if (shiftKey) return () => actions.pan(...PANS[key]);
    const next = current ? tableAt(layout, current.key, key) : (layout.nodes[0] ?? null);
    return () => next && actions.goTo(next);
  }
  switch (key) {
    case "Enter":
    case " ":
      return current && (() => actions.select(current.key));
    case "Escape":
      return actions.clear;
    case "+":
    case "=":
      return () => actions.zoom(ZOOM_STEP);
    case "-":
      return () => actions.zoom(1 / ZOOM_STEP);
    case "0":
      return actions.showAll;
    default:
      return null;
  }
}
