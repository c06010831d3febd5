import {
  type KeyboardEvent,
  type MouseEvent,
  type RefObject,
  useEffect,
  useRef,
  useState,
} from "react";
import { flushSync } from "react-dom";
import type { GraphLayout, GraphNode } from "./layout.ts";
import { type Direction, isDirection, tableAt } from "./neighbours.ts";
import type { Graph } from "./use-graph.ts";
import { ZOOM_STEP, type Zoom } from "./use-zoom.ts";

interface Elements {
  box: RefObject<HTMLElement | null>;
  /** Of the panel that describes what is selected. */
  heading: RefObject<HTMLElement | null>;
}

const SCROLL_PX = 80;
const SCROLLS: Record<Direction, [dx: number, dy: number]> = {
  ArrowLeft: [-SCROLL_PX, 0],
  ArrowRight: [SCROLL_PX, 0],
  ArrowUp: [0, -SCROLL_PX],
  ArrowDown: [0, SCROLL_PX],
};

/**
 * What is selected in the graph, and the table that the arrow keys or the search have reached. Moves both by mouse and
 * keyboard.
 */
export function useExplorer(graph: Graph, zoom: Zoom, { box, heading }: Elements, search: number) {
  const { layout, nodeOf, found } = graph;
  const [selectedKey, setSelectedKey] = useState<string | null>(null);
  const [currentKey, setCurrentKey] = useState<string | null>(null);
  const [hasFocus, setHasFocus] = useState(false);
  const current = nodeOf(currentKey);
  const searched = found[Math.max(0, search - 1) % found.length] ?? null;

  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    if (!searched) return;
    setCurrentKey(searched.key);
    // Not while the person types, because the page would scroll away from the input.
    if (search > 0) latest.current.goTo(searched.key);
  }, [searched, search]);
  useEffect(() => {
    // The panel beside the graph makes it narrower.
    if (selectedKey !== null) latest.current.show(selectedKey);
  }, [selectedKey]);

  const goTo = (node: GraphNode) => {
    setCurrentKey(node.key);
    zoom.show(node.key);
  };
  const select = (key: string | null) => {
    setSelectedKey(key);
    if (nodeOf(key)) setCurrentKey(key);
  };
  const clear = () => {
    setSelectedKey(null);
    box.current?.focus({ preventScroll: true });
  };
  return {
    selectedKey,
    /** The current table, if it is to be marked. */
    marked: hasFocus ? current : searched,
    hasFocus,
    clear,
    /** For links to a table, which are gone afterwards. */
    follow: (key: string) => {
      flushSync(() => select(key));
      heading.current?.focus({ preventScroll: true });
    },
    handlers: {
      onKeyDown: (event: KeyboardEvent) => {
        const onEscape = selectedKey === null ? null : clear;
        const act = actionOf(event, layout, current, { zoom, goTo, select, onEscape });
        if (!act) return;
        event.preventDefault();
        act();
      },
      onClick: ({ target }: MouseEvent) => {
        const clicked = target instanceof Element ? target.closest("[data-key]") : null;
        select(clicked?.getAttribute("data-key") ?? null);
      },
      onFocus: () => {
        const node = current ?? layout.nodes[0];
        if (!node || !box.current?.matches(":focus-visible")) return;
        setHasFocus(true);
        goTo(node);
      },
      onBlur: () => setHasFocus(false),
    },
  };
}

interface Actions {
  zoom: Zoom;
  goTo: (node: GraphNode) => void;
  select: (key: string) => void;
  onEscape: (() => void) | null;
}

/** What a key does. Null if the key is the browser's. */
function actionOf(
  { key, shiftKey, altKey, ctrlKey, metaKey }: KeyboardEvent,
  layout: GraphLayout,
  current: GraphNode | null,
  { zoom, goTo, select, onEscape }: Actions,
): (() => void) | null {
  if (altKey || ctrlKey || metaKey) return null;
  if (isDirection(key)) {
    if (shiftKey) return () => zoom.scrollBy(...SCROLLS[key]);
    const next = current ? tableAt(layout, current.key, key) : layout.nodes[0];
    return () => next && goTo(next);
  }
  const kept = current?.key ?? null;
  switch (key) {
    case "Enter":
    case " ":
      return current && (() => select(current.key));
    case "Escape":
      return onEscape;
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
