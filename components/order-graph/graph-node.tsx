import { memo } from "react";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { cn } from "../ui/cn.ts";
import { Check, Clock, LoaderCircle, X } from "../ui/icons.ts";
import type { GraphTable } from "./graph-table.ts";
import type { GraphNode } from "./layout.ts";

interface NodeProps {
  node: GraphNode;
  table: GraphTable;
  isSelected: boolean;
  /** Whether it is selected, or a parent or child of the selected table. */
  isNear: boolean;
  /** Whether something else is selected. */
  isFaded: boolean;
  /** Whether the search matches it. */
  isFound: boolean;
  /** Whether the arrow keys have moved to it. */
  isCurrent: boolean;
}

/** Number of characters that fit into the box in most fonts. */
const TITLE_LENGTH = 20;
const NAME_LENGTH = 26;
const FIGURES_LENGTH = 28;
const PADDING = 12;

const shorten = (text: string, length: number): string =>
  text.length > length ? `${text.slice(0, length - 1)}…` : text;

// In forced-colors mode, SVG shapes keep their own colours unless told otherwise.
const TEXT = "pba:fill-muted pba:stroke-none pba:forced-colors:fill-[CanvasText]";

export const Node = memo(function Node(props: NodeProps) {
  const { node, table, isSelected, isNear, isFaded, isFound, isCurrent } = props;
  const { x, y, width, height } = node;
  const { progress } = table;
  const label = tableLabel(node.table);
  return (
    <g
      data-table={label}
      data-key={node.key}
      className={cn("pba:cursor-pointer", isFaded && "pba:opacity-35")}
    >
      <title>{`${table.model ?? table.name} · ${label} · ${table.figures}`}</title>
      <rect
        {...{ x, y, width, height }}
        rx={8}
        className={cn(
          "pba:fill-surface pba:stroke-line-strong pba:stroke-1 pba:forced-colors:fill-[Canvas] pba:forced-colors:stroke-[CanvasText]",
          isFound && "pba:fill-warn-soft pba:stroke-warn pba:stroke-2",
          isNear && "pba:stroke-accent pba:stroke-2",
          isSelected &&
            "pba:fill-accent-soft pba:stroke-[3px] pba:forced-colors:stroke-[Highlight]",
          // The panel at the window's lower edge must not cover it.
          isSelected && "pba:scroll-mb-[42dvh] pba:@3xl:scroll-mb-4",
        )}
      />
      {isCurrent && (
        <rect
          x={x - 5}
          y={y - 5}
          width={width + 10}
          height={height + 10}
          rx={12}
          className="pba:fill-none pba:stroke-ring pba:stroke-2 pba:forced-colors:stroke-[Highlight]"
        />
      )}
      {progress && <Filling node={node} progress={progress} />}
      <text
        x={x + PADDING}
        y={y + 23}
        className={cn(TEXT, "pba:fill-ink pba:text-[14px] pba:font-semibold")}
      >
        {shorten(table.model ?? table.name, TITLE_LENGTH)}
      </text>
      {progress && <State x={x + width - 25} y={y + 11} progress={progress} />}
      <text x={x + PADDING} y={y + 40} className={cn(TEXT, "pba:font-mono pba:text-[11px]")}>
        {shorten(label, NAME_LENGTH)}
      </text>
      <text
        x={x + PADDING}
        y={y + 57}
        className={cn(TEXT, "pba:text-[12px]", progress?.state === "running" && "pba:fill-ink")}
      >
        {shorten(table.figures, FIGURES_LENGTH)}
      </text>
    </g>
  );
});

type Progress = NonNullable<GraphTable["progress"]>;

const FILLS = {
  waiting: ["", ""],
  running: ["pba:fill-accent-soft", "pba:fill-accent"],
  done: ["pba:fill-good-soft", "pba:fill-good"],
} as const;
const STOPPED = ["pba:fill-sunken", "pba:fill-line-strong"] as const;

const INSET = 2;
const BAR_HEIGHT = 4;

/** Fills the box from the left in proportion to the loaded rows. A bar shows the same without colours. */
function Filling({ node, progress }: { node: GraphNode; progress: Progress }) {
  const width = (node.width - 2 * INSET) * Math.min(1, Math.max(0, progress.fraction));
  if (width === 0) return null;
  const [ground, bar] = progress.isStopped ? STOPPED : FILLS[progress.state];
  const moves =
    "pba:stroke-none pba:transition-[width] pba:duration-500 pba:ease-linear pba:motion-reduce:transition-none";
  const x = node.x + INSET;
  return (
    <>
      <rect
        x={x}
        y={node.y + INSET}
        width={width}
        height={node.height - 2 * INSET}
        rx={6}
        className={cn(moves, ground, "pba:forced-colors:fill-none")}
      />
      <rect
        data-fraction={progress.fraction.toFixed(2)}
        x={x}
        y={node.y + node.height - INSET - BAR_HEIGHT}
        width={width}
        height={BAR_HEIGHT}
        rx={2}
        className={cn(moves, bar, "pba:forced-colors:fill-[Highlight]")}
      />
    </>
  );
}

const STATES = {
  waiting: [Clock, "pba:text-muted"],
  running: [LoaderCircle, "pba:text-accent-ink"],
  done: [Check, "pba:text-good"],
} as const;

/** The same icons as in the list. */
function State({ x, y, progress }: { x: number; y: number; progress: Progress }) {
  const { state, isStopped } = progress;
  const [Icon, colour] = isStopped && state === "running" ? [X, "pba:text-bad"] : STATES[state];
  return (
    <Icon
      {...{ x, y }}
      width={14}
      height={14}
      className={cn(
        colour,
        isStopped && state === "done" && "pba:text-muted",
        "pba:forced-colors:text-[CanvasText]",
      )}
    />
  );
}
