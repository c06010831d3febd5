// biome-ignore-all lint/a11y/useSemanticElements: the rows of a real table cannot be placed by hand; roles say the same
import type { KeyboardEvent } from "react";
import { formatCount } from "../../lib/shared/format.ts";
import { Checkbox } from "../ui/checkbox.tsx";
import { cn } from "../ui/cn.ts";
import type { Column } from "./cells.ts";
import type { ShownRow } from "./worker-protocol.ts";

const CELL = "pba:truncate pba:px-3 pba:py-2";

interface GridHeaderProps {
  columns: readonly Column[];
  /** The widths of the columns, as in CSS. */
  template: string;
  /** Whether rows have a checkbox. */
  hasChoice: boolean;
}

export const GridHeader = ({ columns, template, hasChoice }: GridHeaderProps) => (
  <div
    role="row"
    aria-rowindex={1}
    tabIndex={-1}
    className="pba:sticky pba:top-0 pba:z-10 pba:grid pba:border-b pba:border-line pba:bg-sunken pba:font-medium"
    style={{ gridTemplateColumns: template }}
  >
    {hasChoice && (
      <span role="columnheader" tabIndex={-1} className={CELL}>
        <span className="pba:sr-only">Chosen</span>
      </span>
    )}
    <span role="columnheader" tabIndex={-1} className={CELL}>
      Row
    </span>
    {columns.map(({ name, type }) => (
      <span key={name} role="columnheader" tabIndex={-1} className={CELL} title={type ?? undefined}>
        {name}
      </span>
    ))}
  </div>
);

interface GridRowProps {
  index: number;
  /** Distance from the top of the list, in pixels. */
  top: number;
  columns: readonly Column[];
  template: string;
  /** Undefined until it is read. */
  row: ShownRow | undefined;
  /** Null if rows cannot be chosen. */
  chosen: ReadonlySet<number> | null;
  /** Whether the row takes the focus. */
  isCurrent: boolean;
  onFocus: () => void;
  onKeyDown: (event: KeyboardEvent) => void;
  onChoose: (place: number, isChosen: boolean) => void;
  onOpen: (place: number) => void;
}

export function GridRow(props: GridRowProps) {
  const { index, top, columns, template, row, chosen, isCurrent } = props;
  const { onFocus, onKeyDown, onChoose, onOpen } = props;
  const place = row?.place;
  const isChosen = place !== undefined && chosen?.has(place) === true;
  return (
    <div
      role="row"
      data-index={index}
      aria-rowindex={index + 2}
      aria-selected={chosen ? isChosen : undefined}
      tabIndex={isCurrent ? 0 : -1}
      onFocus={onFocus}
      onClick={() => place !== undefined && onOpen(place)}
      onKeyDown={onKeyDown}
      className={cn(
        "pba:absolute pba:inset-x-0 pba:top-0 pba:grid pba:h-9 pba:cursor-pointer pba:border-b pba:border-line pba:hover:bg-sunken",
        "pba:focus-visible:outline-2 pba:focus-visible:-outline-offset-2 pba:focus-visible:outline-ring",
        isChosen && "pba:bg-accent-soft",
      )}
      style={{ gridTemplateColumns: template, transform: `translateY(${top}px)` }}
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
        className={cn(CELL, "pba:text-xs pba:leading-5 pba:text-muted")}
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
            className={cn(CELL, "pba:font-mono pba:text-xs pba:leading-5")}
          >
            {text === null ? <span className="pba:text-muted">NULL</span> : (text ?? "")}
          </span>
        );
      })}
    </div>
  );
}
