import { type KeyboardEvent, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { InsertionOrder } from "../../lib/shared/api.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Maximize, ZoomIn, ZoomOut } from "../ui/icons.ts";
import { Drawing } from "./drawing.tsx";
import type { GraphTable } from "./graph-table.ts";
import type { GraphNode } from "./layout.ts";
import { type Direction, isDirection, tableAt } from "./neighbours.ts";
import { SelectionPanel } from "./selection-panel.tsx";
import { spokenNode, useDrawn, useGraph, useSelection } from "./use-graph.ts";
import { useView } from "./use-view.ts";
import { centreOn, contains, moveBy, seenBy, wholeView, zoomBy } from "./view.ts";

interface OrderGraphProps {
  order: InsertionOrder;
  tables: readonly GraphTable[];
  /** Marks the tables that match this text, and moves to the first. */
  search: string;
  /** Which of the matching tables to move to. Values beyond the last wrap around. */
  searchIndex: number;
}

const ZOOM_STEP = 1.25;
const PAN_PX = 80;
const PANS: Record<Direction, [number, number]> = {
  ArrowLeft: [-PAN_PX, 0],
  ArrowRight: [PAN_PX, 0],
  ArrowUp: [0, -PAN_PX],
  ArrowDown: [0, PAN_PX],
};
/** Below this zoom, letters would be unreadable specks. */
const TEXT_ZOOM = 0.4;
/** Up to this height, in pixels, the graph gets a low box. */
const LOW_PX = 300;
const NOWHERE = { x: 0, y: 0, width: 1, height: 1 };

/**
 * The table order as a graph that can be moved, zoomed and navigated by keys. It needs a list beside it, as an
 * alternative.
 */
export default function OrderGraph({ order, tables, search, searchIndex }: OrderGraphProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const { layout, nodeOf, tableOf, found } = useGraph(order, tables, search);
  const [selectedKey, setSelectedKey] = useState<string | null>(null);
  const [currentKey, setCurrentKey] = useState<string | null>(null);
  const [hasFocus, setHasFocus] = useState(false);
  const selection = useSelection(order, layout, selectedKey);
  const current = nodeOf(currentKey);

  const { view, screen, change, pointer } = useView(box, layout, (target) => {
    const key = target.closest("[data-key]")?.getAttribute("data-key") ?? null;
    setSelectedKey(key);
    if (nodeOf(key)) setCurrentKey(key);
  });
  const seen = view && screen ? seenBy(view, screen) : null;
  const drawn = useDrawn(seen ?? NOWHERE);

  const zoom = (factor: number) =>
    change((view, screen) => {
      const middle = { x: screen.width / 2, y: screen.height / 2 };
      return zoomBy(view, factor, middle, layout, screen);
    });
  const showAll = () => change((_, screen) => wholeView(layout, screen));
  const goTo = (node: GraphNode) => {
    setCurrentKey(node.key);
    change((view, screen) =>
      contains(seenBy(view, screen), node) ? view : centreOn(view, node, screen),
    );
  };
  const select = (key: string) => {
    flushSync(() => {
      setSelectedKey(key);
      setCurrentKey(key);
    });
    // The button that was pressed is gone.
    heading.current?.focus();
  };
  const clear = () => {
    setSelectedKey(null);
    box.current?.focus();
  };

  const searched = found.length > 0 ? (found[searchIndex % found.length] ?? null) : null;
  const isMeasured = screen !== null;
  const width = screen?.width;
  const latest = useRef(change);
  useEffect(() => {
    latest.current = change;
  });
  useEffect(() => {
    if (!searched || !isMeasured) return;
    setCurrentKey(searched.key);
    latest.current((view, screen) => centreOn(view, searched, screen));
  }, [searched, isMeasured]);

  const selected = nodeOf(selectedKey);
  // biome-ignore lint/correctness/useExhaustiveDependencies: what is beside the picture takes of its width.
  useEffect(() => {
    if (!selected) return;
    latest.current((view, screen) =>
      contains(seenBy(view, screen), selected) ? view : centreOn(view, selected, screen),
    );
  }, [selected, width]);

  const actionOf = ({ key, shiftKey }: KeyboardEvent): (() => void) | null => {
    if (isDirection(key)) {
      if (shiftKey) return () => change((view) => moveBy(view, ...PANS[key]));
      const next = current ? tableAt(layout, current.key, key) : (layout.nodes[0] ?? null);
      return () => next && goTo(next);
    }
    switch (key) {
      case "Enter":
      case " ":
        return current && (() => setSelectedKey(current.key));
      case "Escape":
        return selectedKey === null ? null : clear;
      case "+":
      case "=":
        return () => zoom(ZOOM_STEP);
      case "-":
        return () => zoom(1 / ZOOM_STEP);
      case "0":
        return showAll;
      default:
        return null;
    }
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const act = actionOf(event);
    if (!act) return;
    event.preventDefault();
    act();
  };
  const onFocus = () => {
    if (!box.current?.matches(":focus-visible")) return;
    setHasFocus(true);
    if (!current) setCurrentKey(layout.nodes[0]?.key ?? null);
  };

  return (
    <div className="pba:@container">
      <div
        className={cn(
          "pba:grid pba:grid-cols-[minmax(0,1fr)] pba:items-start pba:gap-4",
          selection && "pba:@3xl:grid-cols-[minmax(0,1fr)_17rem]",
        )}
      >
        <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-2">
          <div className="pba:relative">
            <div
              ref={box}
              role="application"
              // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is interactive, by its keys.
              tabIndex={0}
              aria-label="Table order as a graph"
              aria-describedby={`${id}-keys`}
              onKeyDown={onKeyDown}
              onFocus={onFocus}
              onBlur={() => setHasFocus(false)}
              {...pointer}
              className={cn(
                "pba:cursor-grab pba:touch-none pba:overflow-hidden pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:select-none pba:active:cursor-grabbing",
                layout.height < LOW_PX ? "pba:h-80" : "pba:h-[min(70vh,34rem)]",
                focusRing,
              )}
            >
              {seen && view && (
                <svg
                  aria-hidden
                  viewBox={`${seen.x} ${seen.y} ${seen.width} ${seen.height}`}
                  className="pba:size-full"
                >
                  <Drawing
                    layout={layout}
                    tableOf={tableOf}
                    drawn={drawn}
                    selection={selection}
                    found={found}
                    currentKey={hasFocus ? currentKey : (searched?.key ?? null)}
                    hasText={view.zoom >= TEXT_ZOOM}
                  />
                </svg>
              )}
            </div>
            <div className="pba:absolute pba:right-3 pba:bottom-3 pba:flex pba:gap-1">
              <Button size="icon" aria-label="Zoom in" onClick={() => zoom(ZOOM_STEP)}>
                <ZoomIn aria-hidden />
              </Button>
              <Button size="icon" aria-label="Zoom out" onClick={() => zoom(1 / ZOOM_STEP)}>
                <ZoomOut aria-hidden />
              </Button>
              <Button size="icon" aria-label="Show all" onClick={showAll}>
                <Maximize aria-hidden />
              </Button>
            </div>
          </div>
          <p id={`${id}-keys`} className="pba:text-xs pba:text-muted">
            An arrow points to the table that is referred to. That table is loaded first. Select a
            table or a line to see its foreign keys. On the keyboard, the arrow keys follow the
            foreign keys. Shift and an arrow key move the picture. Enter selects, Escape clears, +
            and − zoom, 0 shows all.
          </p>
          <p role="status" aria-label="Table" className="pba:sr-only">
            {hasFocus && current ? spokenNode(layout, current, tableOf(current.key)) : ""}
          </p>
        </div>
        {selection && (
          <SelectionPanel
            selection={selection}
            tableOf={tableOf}
            onSelect={select}
            onClose={clear}
            steps={order.components.length}
            headingRef={heading}
          />
        )}
      </div>
    </div>
  );
}
