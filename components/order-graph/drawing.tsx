import { memo, useMemo } from "react";
import { Cycle, Edge, UnrelatedLabel } from "./graph-edge.tsx";
import { Node } from "./graph-node.tsx";
import type { GraphTable } from "./graph-table.ts";
import type { GraphLayout, GraphNode } from "./layout.ts";
import type { Selection } from "./selection-panel.tsx";
import type { Box } from "./sizes.ts";
import { useDrawn } from "./use-graph.ts";
import { type Size, seenBy, touches, type View } from "./view.ts";

interface DrawingProps {
  layout: GraphLayout;
  tableOf: (key: string) => GraphTable;
  /** Only what touches this box is drawn. */
  drawn: Box;
  selection: Selection | null;
  found: readonly GraphNode[];
  currentKey: string | null;
  /** False if the text would be too small to read. */
  hasText: boolean;
}

/** Below this zoom, letters would be unreadable specks. */
const TEXT_ZOOM = 0.4;

interface PictureProps extends Omit<DrawingProps, "drawn" | "hasText"> {
  view: View;
  screen: Size;
}

/** The visible part of the drawing. */
export function Picture({ view, screen, ...drawing }: PictureProps) {
  const seen = seenBy(view, screen);
  return (
    <svg
      aria-hidden
      viewBox={`${seen.x} ${seen.y} ${seen.width} ${seen.height}`}
      className="pba:size-full"
    >
      <Drawing {...drawing} drawn={useDrawn(seen)} hasText={view.zoom >= TEXT_ZOOM} />
    </svg>
  );
}

/** The drawing itself. It does not render again when the view moves, until something else comes into sight. */
const Drawing = memo(function Drawing(props: DrawingProps) {
  const { layout, tableOf, drawn, selection, found, currentKey, hasText } = props;
  const foundKeys = useMemo(() => new Set(found.map(({ key }) => key)), [found]);
  const near = useMemo(() => nearTo(selection), [selection]);
  const edges = layout.edges
    .filter(({ box }) => touches(box, drawn))
    .map((edge) => ({ edge, isNear: near.edges.has(edge.key) }));
  return (
    <>
      {layout.cycles
        .filter((cycle) => touches(cycle, drawn))
        .map((cycle) => (
          <Cycle key={cycle.step} cycle={cycle} hasText={hasText} />
        ))}
      {layout.unrelated && hasText && layout.edges.length > 0 && (
        <UnrelatedLabel box={layout.unrelated} />
      )}
      {/* The selected table's lines lie on top of the others. */}
      {[...edges.filter((it) => !it.isNear), ...edges.filter((it) => it.isNear)].map(
        ({ edge, isNear }) => (
          <Edge
            key={edge.key}
            edge={edge}
            isNear={isNear}
            isFaded={selection !== null && !isNear}
          />
        ),
      )}
      {layout.nodes
        .filter((node) => touches(node, drawn))
        .map((node) => {
          const isSelected = selection?.kind === "table" && selection.node.key === node.key;
          const isNear = near.tables.has(node.key);
          const isFound = foundKeys.has(node.key);
          return (
            <Node
              key={node.key}
              node={node}
              table={tableOf(node.key)}
              hasText={hasText}
              isSelected={isSelected}
              isNear={isNear}
              isFaded={selection !== null && !isSelected && !isNear && !isFound}
              isFound={isFound}
              isCurrent={node.key === currentKey}
            />
          );
        })}
    </>
  );
});

function nearTo(selection: Selection | null): { tables: Set<string>; edges: Set<string> } {
  const edges =
    selection === null
      ? []
      : selection.kind === "edge"
        ? [selection.edge]
        : Object.values(selection.neighbours).flat();
  return {
    tables: new Set(edges.flatMap(({ from, to }) => [from, to])),
    edges: new Set(edges.map(({ key }) => key)),
  };
}
