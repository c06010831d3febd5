import { memo, useMemo } from "react";
import { edgeReason } from "../order-wording.ts";
import { cn } from "../ui/cn.ts";
import { Node } from "./graph-node.tsx";
import type { GraphTable } from "./graph-table.ts";
import type { GraphCycle, GraphEdge, GraphLayout, GraphNode } from "./layout.ts";
import type { Selection } from "./selection-panel.tsx";
import { FRAME, MARGIN } from "./sizes.ts";

interface DrawingProps {
  layout: GraphLayout;
  tableOf: (key: string) => GraphTable;
  selection: Selection | null;
  found: readonly GraphNode[];
  currentKey: string | null;
}

/** Fills the width of the element around it. */
export const Drawing = memo(function Drawing(props: DrawingProps) {
  const { layout, tableOf, selection, found, currentKey } = props;
  const foundKeys = useMemo(() => new Set(found.map(({ key }) => key)), [found]);
  const near = useMemo(() => edgesOf(selection), [selection]);
  const nearTables = new Set([...near].flatMap(({ from, to }) => [from, to]));
  const selectedKey = selection?.kind === "table" ? selection.node.key : null;
  return (
    <svg
      aria-hidden
      viewBox={`${-MARGIN} ${-MARGIN} ${layout.width + 2 * MARGIN} ${layout.height + 2 * MARGIN}`}
      className="pba:block pba:h-auto pba:w-full"
    >
      {layout.cycles.map((cycle) => (
        <Cycle key={cycle.step} cycle={cycle} />
      ))}
      {layout.unrelatedTop !== null && layout.unrelatedTop > 0 && (
        <Label
          x={FRAME.side}
          y={layout.unrelatedTop - 16}
          text="No foreign keys to or from other tables"
        />
      )}
      {/* The selected table's lines lie on top of the others. */}
      {layout.edges
        .toSorted((a, b) => Number(near.has(a)) - Number(near.has(b)))
        .map((edge) => (
          <Edge
            key={edge.key}
            edge={edge}
            isNear={near.has(edge)}
            isFaded={selection !== null && !near.has(edge)}
          />
        ))}
      {layout.nodes.map((node) => {
        const isFound = foundKeys.has(node.key);
        const isSelected = node.key === selectedKey;
        const isNear = isSelected || nearTables.has(node.key);
        return (
          <Node
            key={node.key}
            node={node}
            table={tableOf(node.key)}
            isSelected={isSelected}
            isNear={isNear}
            isFaded={selection !== null && !isNear && !isFound}
            isFound={isFound}
            isCurrent={node.key === currentKey}
          />
        );
      })}
    </svg>
  );
});

function edgesOf(selection: Selection | null): Set<GraphEdge> {
  if (selection === null) return new Set();
  if (selection.kind === "edge") return new Set([selection.edge]);
  return new Set(Object.values(selection.neighbours).flat());
}

interface EdgeProps {
  edge: GraphEdge;
  isNear: boolean;
  isFaded: boolean;
}

/** A line. Its foreign keys appear when the pointer rests on it. */
const Edge = memo(function Edge({ edge, isNear, isFaded }: EdgeProps) {
  return (
    <g data-key={edge.key} className={cn("pba:cursor-pointer", isFaded && "pba:opacity-25")}>
      <title>{edge.foreignKeys.map(edgeReason).join("\n")}</title>
      <path
        d={edge.path}
        pointerEvents="stroke"
        className="pba:fill-none pba:stroke-none pba:stroke-[12px]"
      />
      <path
        d={edge.path}
        className={cn(
          "pba:fill-none pba:stroke-line-strong pba:stroke-[1.25px] pba:forced-colors:stroke-[CanvasText]",
          isNear && "pba:stroke-accent pba:stroke-2 pba:forced-colors:stroke-[Highlight]",
        )}
      />
      <path
        d={edge.arrow}
        className={cn(
          "pba:fill-line-strong pba:stroke-none pba:forced-colors:fill-[CanvasText]",
          isNear && "pba:fill-accent pba:forced-colors:fill-[Highlight]",
        )}
      />
    </g>
  );
});

/** The frame around tables that refer to each other in a cycle. */
function Cycle({ cycle: { size, step, ...box } }: { cycle: GraphCycle }) {
  return (
    <g>
      <rect
        {...box}
        rx={12}
        className="pba:fill-warn-soft/50 pba:stroke-warn pba:stroke-[1.25px] pba:[stroke-dasharray:6_4] pba:forced-colors:fill-none pba:forced-colors:stroke-[CanvasText]"
      />
      <Label x={box.x + 12} y={box.y + 19} text={`Cycle of ${size} tables`} isWarning />
    </g>
  );
}

function Label(props: { x: number; y: number; text: string; isWarning?: boolean }) {
  return (
    <text
      x={props.x}
      y={props.y}
      className={cn(
        "pba:stroke-none pba:text-[13px] pba:font-medium pba:forced-colors:fill-[CanvasText]",
        props.isWarning ? "pba:fill-warn" : "pba:fill-muted",
      )}
    >
      {props.text}
    </text>
  );
}
