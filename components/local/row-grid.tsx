// biome-ignore-all lint/a11y/useSemanticElements: the rows of a real table cannot be placed by hand; roles say the same
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Column } from "./cells.ts";
import { GridHeader, GridRow } from "./grid-row.tsx";
import type { LocalArchiveClient } from "./local-archive-client.ts";
import { useRows } from "./use-open-table.ts";

const ROW_PIXELS = 36;
/** Browsers limit the height of a list to some twenty million pixels. */
export const LIST_ROWS = 400_000;

export interface RowGridProps {
  client: LocalArchiveClient;
  label: string;
  columns: readonly Column[];
  /** Number of rows in this list: all rows, or those found. */
  count: number;
  /** Index of the first listed row. */
  offset: number;
  isFound: boolean;
  /** Identifies this list of rows. */
  list: string;
  /** Null if rows cannot be chosen. */
  chosen: ReadonlySet<number> | null;
  onChoose: (place: number, isChosen: boolean) => void;
  onOpen: (place: number) => void;
}

/** Renders the rows in sight. One of them can have the focus, and the arrow keys move from row to row. */
export function RowGrid(props: RowGridProps) {
  const { client, label, columns, count, offset, isFound, list, chosen, onChoose, onOpen } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const [active, setActive] = useState(0);
  const current = Math.min(active, Math.max(0, count - 1));
  const focusNext = useFocusOnMove(scroller, current);
  const virtualizer = useVirtualizer({
    count,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_PIXELS,
    overscan: 8,
    // Keep the focused row rendered when it is scrolled out of sight.
    rangeExtractor: (range) =>
      [...new Set([current, ...defaultRangeExtractor(range)])]
        .filter((index) => index < count)
        .sort((a, b) => a - b),
  });
  const items = virtualizer.getVirtualItems();
  const rowAt = useRows(client, { ...reach(items, current, offset), isFound, list });
  const onKeyDown = (event: KeyboardEvent) => {
    const isOnRow = event.target === event.currentTarget;
    if (!isOnRow || event.ctrlKey || event.metaKey || event.altKey) return;
    const pageRows = Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PIXELS) - 2;
    const target = targetOf(event.key, current, count, Math.max(1, pageRows));
    if (target === null && event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    const place = rowAt(offset + current)?.place;
    if (target !== null) {
      focusNext();
      setActive(target);
      virtualizer.scrollToIndex(target);
    } else if (place !== undefined) {
      if (event.key === "Enter") onOpen(place);
      else if (chosen) onChoose(place, !chosen.has(place));
    }
  };
  const template = `${chosen ? "2.75rem " : ""}5rem ${columns.map(columnWidth).join(" ")} minmax(0, 1fr)`;
  return (
    <div
      ref={scroller}
      className="pba:max-h-[60vh] pba:min-h-40 pba:overflow-auto pba:rounded-lg pba:border pba:border-line"
    >
      <div
        role="grid"
        aria-label={label}
        aria-rowcount={count + 1}
        aria-colcount={columns.length + (chosen ? 2 : 1)}
        aria-multiselectable={chosen ? true : undefined}
        className="pba:w-max pba:min-w-full"
        tabIndex={-1}
      >
        <GridHeader columns={columns} template={template} hasChoice={chosen !== null} />
        <div
          role="rowgroup"
          className="pba:relative"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {items.map(({ index, start }) => (
            <GridRow
              key={index}
              index={index}
              top={start}
              columns={columns}
              template={template}
              row={rowAt(offset + index)}
              chosen={chosen}
              isCurrent={index === current}
              onFocus={() => setActive(index)}
              onKeyDown={onKeyDown}
              onChoose={onChoose}
              onOpen={onOpen}
            />
          ))}
        </div>
      </div>
    </div>
  );
}

/**
 * Moves the focus to the current row after a move, as soon as the row is on the page.
 *
 * @returns a function to call before each move
 */
function useFocusOnMove(scroller: RefObject<HTMLElement | null>, current: number): () => void {
  const isMoving = useRef(false);
  useEffect(() => {
    if (!isMoving.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${current}"]`);
    if (!row) return;
    isMoving.current = false;
    row.focus({ preventScroll: true });
  });
  return () => {
    isMoving.current = true;
  };
}

/** The index to which a key moves, or null if the key does not move. */
function targetOf(key: string, current: number, count: number, pageRows: number): number | null {
  const targets: Record<string, number> = {
    ArrowDown: current + 1,
    ArrowUp: current - 1,
    PageDown: current + pageRows,
    PageUp: current - pageRows,
    Home: 0,
    End: count - 1,
  };
  const target = targets[key];
  return target === undefined ? null : Math.min(count - 1, Math.max(0, target));
}

/** A focused row that is farther from the rows in sight is not read with them. */
const NEAR_ROWS = 100;

/** The range of rows to read: those in sight, and the focused one if it is near. */
function reach(items: ReadonlyArray<{ index: number }>, current: number, offset: number) {
  const others = items.map(({ index }) => index).filter((index) => index !== current);
  const first = others[0] ?? current;
  const last = others.at(-1) ?? current;
  const isNear = current > first - NEAR_ROWS && current < last + NEAR_ROWS;
  return {
    from: offset + (isNear ? Math.min(first, current) : first),
    to: offset + (isNear ? Math.max(last, current) : last) + 1,
  };
}

/** Returns the width of a grid's column: the usual width of values of its type, but at least that of its name. */
function columnWidth({ name, type }: Column): string {
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
