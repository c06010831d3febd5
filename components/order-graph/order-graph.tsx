import { useEffect, useId, useRef, useState } from "react";
import { flushSync } from "react-dom";
import type { InsertionOrder } from "../../lib/shared/api.ts";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Picture } from "./drawing.tsx";
import { keyHandler } from "./graph-keys.ts";
import type { GraphTable } from "./graph-table.ts";
import type { GraphNode } from "./layout.ts";
import { movesOf, useFollow } from "./moves.ts";
import { SelectionPanel } from "./selection-panel.tsx";
import { spokenNode, useGraph, useSelection } from "./use-graph.ts";
import { useView } from "./use-view.ts";
import { ZoomButtons } from "./zoom-buttons.tsx";

interface OrderGraphProps {
  order: InsertionOrder;
  tables: readonly GraphTable[];
  /** Marks the tables that match this text, and moves to the first. */
  search: string;
  /** Which of the matching tables to move to. Values beyond the last wrap around. */
  searchIndex: number;
}

/** Up to this height, in pixels, the graph gets a low box. */
const LOW_PX = 300;

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
  const moves = movesOf(change, layout);
  const goTo = (node: GraphNode) => {
    setCurrentKey(node.key);
    moves.show(node);
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
  useEffect(() => {
    if (searched) setCurrentKey(searched.key);
  }, [searched]);
  useFollow(change, screen, searched, nodeOf(selectedKey));

  const onKeyDown = keyHandler(layout, current, {
    ...moves,
    goTo,
    select: setSelectedKey,
    clear: selectedKey === null ? null : clear,
  });
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
              {view && screen && (
                <Picture
                  view={view}
                  screen={screen}
                  layout={layout}
                  tableOf={tableOf}
                  selection={selection}
                  found={found}
                  currentKey={hasFocus ? currentKey : (searched?.key ?? null)}
                />
              )}
            </div>
            <ZoomButtons onZoom={moves.zoom} onShowAll={moves.showAll} />
          </div>
          <KeyHelp id={`${id}-keys`} />
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

const KeyHelp = ({ id }: { id: string }) => (
  <p id={id} className="pba:text-xs pba:text-muted">
    An arrow points to the table that is referred to. That table is loaded first. Select a table or
    a line to see its foreign keys. On the keyboard, the arrow keys follow the foreign keys. Shift
    and an arrow key move the picture. Enter selects, Escape clears, + and − zoom, 0 shows all.
  </p>
);
