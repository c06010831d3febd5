import { type KeyboardEvent, type MouseEvent, useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { InsertionOrder } from "../../lib/shared/api.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Maximize, ZoomIn, ZoomOut } from "../ui/icons.ts";
import { Drawing } from "./drawing.tsx";
import { actionOf } from "./graph-keys.ts";
import type { GraphTable } from "./graph-table.ts";
import type { GraphNode } from "./layout.ts";
import { SelectionPanel } from "./selection-panel.tsx";
import { MARGIN } from "./sizes.ts";
import { spokenNode, useGraph, useSelection } from "./use-graph.ts";
import { useZoom, ZOOM_STEP, type Zoom } from "./use-zoom.ts";

interface OrderGraphProps {
  order: InsertionOrder;
  tables: readonly GraphTable[];
  /** Marks the tables that match this text. */
  search: string;
  /** Moves to this one of the matching tables, from 1. Values beyond the last wrap around. 0 moves to none. */
  searchIndex: number;
}

/**
 * The table order as a graph that can be zoomed, and navigated by keys. It needs a list beside it, as an alternative.
 */
export default function OrderGraph({ order, tables, search, searchIndex }: OrderGraphProps) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  const heading = useRef<HTMLHeadingElement>(null);
  const { layout, nodeOf, tableOf, found } = useGraph(order, tables, search);
  const zoom = useZoom(box, layout.width + 2 * MARGIN);
  const [selectedKey, setSelectedKey] = useState<string | null>(null);
  const [currentKey, setCurrentKey] = useState<string | null>(null);
  const [hasFocus, setHasFocus] = useState(false);
  const selection = useSelection(order, layout, selectedKey);
  const current = nodeOf(currentKey);
  const searched = found[Math.max(0, searchIndex - 1) % found.length] ?? null;

  const latest = useRef(zoom);
  latest.current = zoom;
  useEffect(() => {
    if (!searched) return;
    setCurrentKey(searched.key);
    // Not while the person types, because the page would scroll away from the input.
    if (searchIndex > 0) latest.current.goTo(searched.key);
  }, [searched, searchIndex]);
  useEffect(() => {
    // The panel beside the graph makes it narrower.
    if (selectedKey !== null) latest.current.show(selectedKey);
  }, [selectedKey]);

  const goTo = (node: GraphNode) => {
    setCurrentKey(node.key);
    zoom.show(node.key);
  };
  const select = (key: string) => {
    flushSync(() => {
      setSelectedKey(key);
      setCurrentKey(key);
    });
    // The button that was pressed is gone.
    heading.current?.focus({ preventScroll: true });
  };
  const clear = () => {
    setSelectedKey(null);
    box.current?.focus({ preventScroll: true });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const act = actionOf(event, layout, current, {
      zoom,
      goTo,
      select: setSelectedKey,
      clear: selectedKey === null ? null : clear,
    });
    if (!act) return;
    event.preventDefault();
    act();
  };
  const onClick = ({ target }: MouseEvent) => {
    const clicked = target instanceof Element ? target.closest("[data-key]") : null;
    const key = clicked?.getAttribute("data-key") ?? null;
    setSelectedKey(key);
    if (nodeOf(key)) setCurrentKey(key);
  };
  const onFocus = () => {
    const node = current ?? layout.nodes[0];
    if (!node || !box.current?.matches(":focus-visible")) return;
    setHasFocus(true);
    goTo(node);
  };

  return (
    <div className="pba:@container pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-3">
      <div className="pba:flex pba:flex-col pba:gap-4 pba:@3xl:flex-row pba:@3xl:items-start">
        <div className="pba:min-w-0 pba:grow">
          <div
            ref={box}
            role="application"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: an application is interactive, by its keys.
            tabIndex={0}
            aria-label="Table order as a graph"
            aria-describedby={`${id}-keys`}
            {...{ onKeyDown, onFocus, onClick }}
            onBlur={() => setHasFocus(false)}
            className={cn(
              "pba:flex pba:min-h-48 pba:overflow-x-auto pba:overflow-y-hidden pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:select-none",
              focusRing,
            )}
          >
            <div className="pba:m-auto pba:shrink-0" style={{ width: zoom.width }}>
              <Drawing
                {...{ layout, tableOf, selection, found }}
                currentKey={hasFocus ? currentKey : (searched?.key ?? null)}
              />
            </div>
          </div>
          <ZoomButtons zoom={zoom} selectedKey={selectedKey} />
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
      <KeyHelp id={`${id}-keys`} />
      <p role="status" aria-label="Table" className="pba:sr-only">
        {hasFocus && current ? spokenNode(layout, current, tableOf(current.key)) : ""}
      </p>
    </div>
  );
}

/** They stay in sight while the page scrolls. */
const ZoomButtons = ({ zoom, selectedKey }: { zoom: Zoom; selectedKey: string | null }) => (
  <div
    className={cn(
      "pba:pointer-events-none pba:sticky pba:bottom-3 pba:-mt-12 pba:flex pba:justify-end pba:gap-1 pba:px-3 pba:pb-3 pba:*:pointer-events-auto",
      selectedKey !== null && "pba:bottom-[calc(34dvh+0.75rem)] pba:@3xl:bottom-3",
    )}
  >
    <Button size="icon" aria-label="Zoom in" onClick={() => zoom.zoomBy(ZOOM_STEP, selectedKey)}>
      <ZoomIn aria-hidden />
    </Button>
    <Button
      size="icon"
      aria-label="Zoom out"
      onClick={() => zoom.zoomBy(1 / ZOOM_STEP, selectedKey)}
    >
      <ZoomOut aria-hidden />
    </Button>
    <Button size="icon" aria-label="Fit to width" onClick={zoom.fit}>
      <Maximize aria-hidden />
    </Button>
  </div>
);

const KeyHelp = ({ id }: { id: string }) => (
  <p id={id} className="pba:text-xs pba:text-muted">
    An arrow points to the table that is referred to. That table is loaded first. Select a table or
    a line to see its foreign keys. On the keyboard, the arrow keys follow the foreign keys. Shift
    and an arrow key scroll. Enter selects, Escape clears, + and − zoom, 0 fits the width.
  </p>
);
