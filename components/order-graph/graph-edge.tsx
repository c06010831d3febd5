import { memo } from "react";
import { edgeReason } from "../order-wording.ts";
import { cn } from "../ui/cn.ts";
import type { GraphCycle, GraphEdge } from "./layout.ts";
import type { Box } from "./sizes.ts";

interface EdgeProps {
  edge: GraphEdge;
  isNear: boolean;
  isFaded: boolean;
}

/** A line. Its foreign keys appear when the pointer rests on it. */
export const Edge = memo(function Edge({ edge, isNear, isFaded }: EdgeProps) {
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
export function Cycle({ cycle, hasText }: { cycle: GraphCycle; hasText: boolean }) {
  const { x, y, width, height, size } = cycle;
  return (
    <g>
      <rect
        x={x}
        y={y}
        width={width}
        height={height}
        rx={12}
        className="pba:fill-warn-soft/50 pba:stroke-warn pba:stroke-[1.25px] pba:[stroke-dasharray:6_4] pba:forced-colors:fill-none pba:forced-colors:stroke-[CanvasText]"
      />
      {hasText && <Label x={x + 12} y={y + 19} text={`Cycle of ${size} tables`} isWarning />}
    </g>
  );
}

/** The heading above the tables without foreign keys to or from other tables. */
export function UnrelatedLabel({ box }: { box: Box }) {
  return <Label x={box.x} y={box.y - 16} text="No foreign keys to or from other tables" />;
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
