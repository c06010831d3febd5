// biome-ignore-all lint/a11y/useSemanticElements: the rows of a real table cannot be placed by hand; roles say the same
import { defaultRangeExtractor, useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { formatCount } from "../../lib/shared/format.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { cn } from "../ui/cn.ts";
import type { Column } from "./cells.ts";
import { columnWidth } from "./column-width.ts";
import type { LocalArchiveClient } from "./local-archive-client.ts";
import { useRows } from "./use-open-table.ts";

const ROW_PIXELS = 36;
/** Browsers limit the height of a list to some twenty million pixels. */
export const LIST_ROWS = 400_000;

interface RowGridProps {
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
  const isMoving = useRef(false);
  const current = Math.min(active, Math.max(0, count - 1));
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
  useEffect(() => {
    if (!isMoving.current) return;
    const row = scroller.current?.querySelector<HTMLElement>(`[data-index="${current}"]`);
    if (!row) return;
    isMoving.current = false;
    row.focus({ preventScroll: true });
  });
  const moveTo = (index: number) => {
    const next = Math.min(count - 1, Math.max(0, index));
    isMoving.current = true;
    setActive(next);
    virtualizer.scrollToIndex(next);
  };
  const page = Math.max(1, Math.floor((scroller.current?.clientHeight ?? 0) / ROW_PIXELS) - 2);
  const onKeyDown = (event: KeyboardEvent) => {
    const place = rowAt(offset + current)?.place;
    const actions: Record<string, () => void> = {
      ArrowDown: () => moveTo(current + 1),
      ArrowUp: () => moveTo(current - 1),
      PageDown: () => moveTo(current + page),
      PageUp: () => moveTo(current - page),
      Home: () => moveTo(0),
      End: () => moveTo(count - 1),
      Enter: () => place !== undefined && onOpen(place),
      " ": () => place !== undefined && chosen && onChoose(place, !chosen.has(place)),
    };
    const action = actions[event.key];
    const isOnRow = event.target === event.currentTarget;
    if (!action || !isOnRow || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  };
  const template = `${chosen ? "2.75rem " : ""}5rem ${columns.map(columnWidth).join(" ")} minmax(0, 1fr)`;
  const cell = "pba:truncate pba:px-3 pba:py-2";
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
        <div
          role="row"
          aria-rowindex={1}
          tabIndex={-1}
          className="pba:sticky pba:top-0 pba:z-10 pba:grid pba:border-b pba:border-line pba:bg-sunken pba:font-medium"
          style={{ gridTemplateColumns: template }}
        >
          {chosen && (
            <span role="columnheader" tabIndex={-1} className={cell}>
              <span className="pba:sr-only">Chosen</span>
            </span>
          )}
          <span role="columnheader" tabIndex={-1} className={cell}>
            Row
          </span>
          {columns.map(({ name, type }) => (
            <span
              key={name}
              role="columnheader"
              tabIndex={-1}
              className={cell}
              title={type ?? undefined}
            >
              {name}
            </span>
          ))}
        </div>
        <div
          role="rowgroup"
          className="pba:relative"
          style={{ height: virtualizer.getTotalSize() }}
        >
          {items.map(({ index, start }) => {
            const row = rowAt(offset + index);
            const place = row?.place;
            const isChosen = place !== undefined && chosen?.has(place) === true;
            return (
              <div
                key={index}
                role="row"
                data-index={index}
                aria-rowindex={index + 2}
                aria-selected={chosen ? isChosen : undefined}
                tabIndex={index === current ? 0 : -1}
                onFocus={() => setActive(index)}
                onClick={() => place !== undefined && onOpen(place)}
                onKeyDown={onKeyDown}
                className={cn(
                  "pba:absolute pba:inset-x-0 pba:top-0 pba:grid pba:h-9 pba:cursor-pointer pba:border-b pba:border-line pba:hover:bg-sunken",
                  "pba:focus-visible:outline-2 pba:focus-visible:-outline-offset-2 pba:focus-visible:outline-ring",
                  isChosen && "pba:bg-accent-soft",
                )}
                style={{ gridTemplateColumns: template, transform: `translateY(${start}px)` }}
              >
                {chosen && (
                  // biome-ignore lint/a11y/useKeyWithClickEvents: the row's own keys do the same
                  <span
                    role="gridcell"
                    tabIndex={-1}
                    className="pba:grid pba:place-items-center"
                    onClick={(event) => event.stopPropagation()}
                  >
                    {place !== undefined && (
                      <Checkbox
                        tabIndex={-1}
                        aria-label={`Choose row ${formatCount(place)}`}
                        checked={isChosen}
                        onCheckedChange={(value) => onChoose(place, value === true)}
                      />
                    )}
                  </span>
                )}
                <span
                  role="gridcell"
                  tabIndex={-1}
                  className={cn(cell, "pba:text-xs pba:leading-5 pba:text-muted")}
                >
                  {place === undefined ? "…" : formatCount(place)}
                </span>
                {columns.map(({ name }, at) => {
                  const text = row?.cells[at];
                  return (
                    <span
                      key={name}
                      role="gridcell"
                      tabIndex={-1}
                      className={cn(cell, "pba:font-mono pba:text-xs pba:leading-5")}
                    >
                      {text === null ? <span className="pba:text-muted">NULL</span> : (text ?? "")}
                    </span>
                  );
                })}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
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
