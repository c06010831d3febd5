import { useId, useRef } from "react";
import type { InsertionOrder } from "../../lib/shared/api.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Maximize, ZoomIn, ZoomOut } from "../ui/icons.ts";
import { Drawing } from "./drawing.tsx";
import type { GraphTable } from "./graph-table.ts";
import { SelectionPanel } from "./selection-panel.tsx";
import { MARGIN } from "./sizes.ts";
import { useExplorer } from "./use-explorer.ts";
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
  const graph = useGraph(order, tables, search);
  const { layout, tableOf, found } = graph;
  const zoom = useZoom(box, layout.width + 2 * MARGIN);
  const explorer = useExplorer(graph, zoom, { box, heading }, searchIndex);
  const { selectedKey, marked, hasFocus } = explorer;
  const selection = useSelection(order, layout, selectedKey);
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
            {...explorer.handlers}
            className={cn(
              "pba:flex pba:min-h-48 pba:overflow-x-auto pba:overflow-y-hidden pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:select-none",
              focusRing,
            )}
          >
            <div className="pba:m-auto pba:shrink-0" style={{ width: zoom.width }}>
              <Drawing
                {...{ layout, tableOf, selection, found }}
                currentKey={marked?.key ?? null}
              />
            </div>
          </div>
          <ZoomButtons zoom={zoom} selectedKey={selectedKey} />
        </div>
        {selection && (
          <SelectionPanel
            selection={selection}
            tableOf={tableOf}
            onSelect={explorer.follow}
            onClose={explorer.clear}
            steps={order.components.length}
            headingRef={heading}
          />
        )}
      </div>
      <KeyHelp id={`${id}-keys`} />
      <p role="status" aria-label="Table" className="pba:sr-only">
        {hasFocus && marked ? spokenNode(layout, marked, tableOf(marked.key)) : ""}
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
