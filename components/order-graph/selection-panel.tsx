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

interface SelectionPanelProps {
  selection: Selection;
  tableOf: (key: string) => GraphTable;
  onSelect: (key: string) => void;
  onClose: () => void;
  steps: number;
  /** Gets the focus when the focused element disappears. */
  headingRef: RefObject<HTMLHeadingElement | null>;
}

/** Describes the selected table or edge in words, with links to its neighbours. */
export function SelectionPanel(props: SelectionPanelProps) {
  const { selection, tableOf, onSelect } = props;
  return (
    <section
      aria-label="Selection"
      onKeyDown={(event) => event.key === "Escape" && props.onClose()}
      className="pba:relative pba:min-w-0 pba:overflow-y-auto pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:p-4 pba:text-[0.8125rem] pba:@3xl:max-h-[min(70vh,34rem)]"
    >
      <Button
        variant="ghost"
        size="icon"
        aria-label="Clear the selection"
        onClick={props.onClose}
        className="pba:absolute pba:top-2 pba:right-2"
      >
        <X aria-hidden />
      </Button>
      {selection.kind === "table" && <Table {...props} selection={selection} />}
      {selection.kind === "edge" && (
        <div className="pba:grid pba:gap-3">
          <h3 ref={props.headingRef} tabIndex={-1} className="pba:font-semibold pba:outline-none">
            {formatNoun(selection.edge.foreignKeys.length, "foreign key")}
          </h3>
          <p>
            <TableLink
              table={tableOf(selection.edge.from)}
              to={selection.edge.from}
              onSelect={onSelect}
            />{" "}
            refers to{" "}
            <TableLink
              table={tableOf(selection.edge.to)}
              to={selection.edge.to}
              onSelect={onSelect}
            />
          </p>
          <Keys of={selection.edge.foreignKeys} />
        </div>
      )}
    </section>
  );
}

type OfTable = Extract<Selection, { kind: "table" }>;

function Table({
  selection,
  tableOf,
  onSelect,
  steps,
  headingRef,
}: SelectionPanelProps & { selection: OfTable }) {
  const { node, neighbours, step } = selection;
  const table = tableOf(node.key);
  const handling = step && cycleHandling(step);
  return (
    <div className="pba:grid pba:gap-4">
      <div>
        <h3 ref={headingRef} tabIndex={-1} className="pba:pr-8 pba:text-sm pba:outline-none">
          <TableTitle table={table} />
        </h3>
        <p className="pba:mt-1 pba:text-muted">
          {table.figures} · Step {node.step} of {steps}
        </p>
      </div>
      {handling && <p className="pba:text-warn">{handling}</p>}
      <Side
        title="Refers to"
        edges={neighbours.parents.map((edge) => ({ key: edge.to, edge }))}
        {...{ tableOf, onSelect }}
      />
      <Side
        title="Is referred to by"
        edges={neighbours.children.map((edge) => ({ key: edge.from, edge }))}
        {...{ tableOf, onSelect }}
      />
      {neighbours.own.map((edge) => (
        <div key={edge.key}>
          <h4 className="pba:mb-1 pba:font-medium">Refers to itself</h4>
          <Keys of={edge.foreignKeys} />
        </div>
      ))}
    </div>
  );
}

interface SideProps extends Pick<SelectionPanelProps, "tableOf" | "onSelect"> {
  title: string;
  edges: Array<{ key: string; edge: GraphEdge }>;
}

function Side({ title, edges, tableOf, onSelect }: SideProps) {
  return (
    <div>
      <h4 className="pba:mb-1 pba:font-medium">
        {title} {edges.length === 0 ? "nothing else" : formatNoun(edges.length, "table")}
      </h4>
      <ul aria-label={title} className="pba:grid pba:gap-2 pba:empty:hidden">
        {edges.map(({ key, edge }) => (
          <li key={edge.key}>
            <TableLink table={tableOf(key)} to={key} onSelect={onSelect} />
            <Keys of={edge.foreignKeys} />
          </li>
        ))}
      </ul>
    </div>
  );
}

function TableLink(props: { table: GraphTable; to: string; onSelect: (key: string) => void }) {
  return (
    <button
      type="button"
      onClick={() => props.onSelect(props.to)}
      className={cn(
        "pba:cursor-pointer pba:rounded pba:text-left pba:font-medium pba:wrap-anywhere pba:text-accent-ink pba:underline pba:underline-offset-2",
        focusRing,
      )}
    >
      {props.table.model ?? tableLabel(props.table)}
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
