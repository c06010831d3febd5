import type { RefObject } from "react";
import type { OrderEdge } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { TableTitle } from "../common/table-title.tsx";
import { cycleHandling, describeReference, type OrderStep } from "../order-wording.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { X } from "../ui/icons.ts";
import type { GraphTable } from "./graph-table.ts";
import type { GraphEdge, GraphNode } from "./layout.ts";
import type { Neighbours } from "./neighbours.ts";

export type Selection =
  | { kind: "table"; node: GraphNode; neighbours: Neighbours; step: OrderStep | undefined }
  | { kind: "edge"; edge: GraphEdge };

interface LinkProps {
  tableOf: (key: string) => GraphTable;
  onSelect: (key: string) => void;
}

interface SelectionPanelProps extends LinkProps {
  selection: Selection;
  onClose: () => void;
  steps: number;
  /** Gets the focus when the focused element disappears. */
  headingRef: RefObject<HTMLHeadingElement | null>;
}

/**
 * Describes the selected table or edge in words, with links to its neighbours. It stays in sight while the page scrolls:
 * beside the graph, or at the window's lower edge.
 */
export function SelectionPanel(props: SelectionPanelProps) {
  const { selection, onClose, headingRef, ...links } = props;
  return (
    <section
      aria-label="Selection"
      onKeyDown={(event) => event.key === "Escape" && onClose()}
      className="pba:sticky pba:bottom-2 pba:z-10 pba:max-h-[34dvh] pba:overflow-y-auto pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:p-4 pba:text-[0.8125rem] pba:@3xl:top-4 pba:@3xl:bottom-auto pba:@3xl:max-h-[calc(100dvh-2rem)] pba:@3xl:w-68 pba:@3xl:shrink-0"
    >
      <Button
        variant="ghost"
        size="icon"
        aria-label="Clear the selection"
        onClick={onClose}
        className="pba:absolute pba:top-2 pba:right-2"
      >
        <X aria-hidden />
      </Button>
      <h3 ref={headingRef} tabIndex={-1} className="pba:pr-8 pba:text-sm pba:outline-none">
        {selection.kind === "table" ? (
          <TableTitle table={props.tableOf(selection.node.key)} />
        ) : (
          <span className="pba:font-semibold">
            {formatNoun(selection.edge.foreignKeys.length, "foreign key")}
          </span>
        )}
      </h3>
      {selection.kind === "table" ? (
        <OfTable {...selection} {...links} />
      ) : (
        <OfEdge edge={selection.edge} {...links} />
      )}
    </section>
  );
}

function OfEdge({ edge, ...links }: LinkProps & { edge: GraphEdge }) {
  return (
    <div className="pba:mt-3 pba:grid pba:gap-3">
      <p>
        <TableLink to={edge.from} {...links} /> refers to <TableLink to={edge.to} {...links} />
      </p>
      <Keys of={edge.foreignKeys} />
    </div>
  );
}

type OfTableProps = LinkProps & Extract<Selection, { kind: "table" }> & { steps: number };

function OfTable({ node, neighbours, step, steps, ...links }: OfTableProps) {
  const handling = step && cycleHandling(step);
  return (
    <div className="pba:mt-1 pba:grid pba:gap-4">
      <p className="pba:text-muted">
        {links.tableOf(node.key).figures} · Step {node.step} of {steps}
      </p>
      {handling && <p className="pba:text-warn">{handling}</p>}
      <Side title="Refers to" edges={neighbours.parents} end="to" {...links} />
      <Side title="Is referred to by" edges={neighbours.children} end="from" {...links} />
      {neighbours.own.map((edge) => (
        <div key={edge.key}>
          <h4 className="pba:mb-1 pba:font-medium">Refers to itself</h4>
          <Keys of={edge.foreignKeys} />
        </div>
      ))}
    </div>
  );
}

interface SideProps extends LinkProps {
  title: string;
  edges: GraphEdge[];
  /** Where the other table is. */
  end: "from" | "to";
}

function Side({ title, edges, end, ...links }: SideProps) {
  return (
    <div>
      <h4 className="pba:mb-1 pba:font-medium">
        {title} {edges.length === 0 ? "nothing else" : formatNoun(edges.length, "table")}
      </h4>
      <ul aria-label={title} className="pba:grid pba:gap-2 pba:empty:hidden">
        {edges.map((edge) => (
          <li key={edge.key}>
            <TableLink to={edge[end]} {...links} />
            <Keys of={edge.foreignKeys} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function TableLink({ to, tableOf, onSelect }: LinkProps & { to: string }) {
  const table = tableOf(to);
  return (
    <button
      type="button"
      onClick={() => onSelect(to)}
      className={cn(
        "pba:cursor-pointer pba:rounded pba:text-left pba:font-medium pba:wrap-anywhere pba:text-accent-ink pba:underline pba:underline-offset-2",
        focusRing,
      )}
    >
      {table.model ?? tableLabel(table)}
    </button>
  );
}

function Keys({ of }: { of: readonly OrderEdge[] }) {
  return of.map((edge) => (
    <p key={edge.constraint} className="pba:wrap-anywhere pba:text-muted">
      {describeReference(edge)}
    </p>
  ));
}
