import { useEffect, useRef } from "react";
import type { GraphNode } from "./layout.ts";
import type { Box } from "./sizes.ts";
import type { ControlledView } from "./use-view.ts";
import { bringIn, centreOn, moveBy, type Size, wholeView, zoomBy } from "./view.ts";

export interface Moves {
  /** Moves by screen pixels. */
  pan: (dx: number, dy: number) => void;
  /** Zooms around the middle. */
  zoom: (factor: number) => void;
  showAll: () => void;
  /** Moves only if part of the box is not visible. */
  show: (box: Box) => void;
}

/** How keys and buttons move the view. */
export const movesOf = (change: ControlledView["change"], picture: Size): Moves => ({
  pan: (dx, dy) => change((view) => moveBy(view, dx, dy)),
  zoom: (factor) =>
    change((view, screen) => {
      const at = { x: screen.width / 2, y: screen.height / 2 };
      return zoomBy(view, { factor, at }, picture, screen);
    }),
  showAll: () => change((_, screen) => wholeView(picture, screen)),
  show: (box) => change((view, screen) => bringIn(view, box, screen)),
});

/** Moves the view to the table that a search found, and keeps the selected table visible. */
export function useFollow(
  change: ControlledView["change"],
  screen: Size | null,
  searched: GraphNode | null,
  selected: GraphNode | null,
): void {
  const latest = useRef(change);
  useEffect(() => {
    latest.current = change;
  });
  const isMeasured = screen !== null;
  useEffect(() => {
    if (searched && isMeasured) latest.current((view, screen) => centreOn(view, searched, screen));
  }, [searched, isMeasured]);

  const width = screen?.width;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the panel beside the graph makes it narrower.
  useEffect(() => {
    if (selected) latest.current((view, screen) => bringIn(view, selected, screen));
  }, [selected, width]);
}
