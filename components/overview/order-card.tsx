import { useState } from "react";
import type { Overview, OverviewTable } from "../../lib/shared/api.ts";
import { formatBytes, formatNoun } from "../../lib/shared/format.ts";
import { InsertionOrderList } from "../common/insertion-order-list.tsx";
import { SearchInput } from "../common/search-input.tsx";
import { Card } from "../ui/card.tsx";

export function OrderCard({ overview }: { overview: Overview }) {
  const [search, setSearch] = useState("");
  if (overview.tables.length === 0) {
    return (
      <Card title="Insertion order">
        <p className="pba:py-6 pba:text-center pba:text-muted">
          This database has no tables yet. When it has some, their order is shown here.
        </p>
      </Card>
    );
  }
  return (
    <Card
      title="Insertion order"
      description="In this order a restore loads the tables, computed from the foreign keys: what is referred to comes first."
      actions={<SearchInput label="Find a table" value={search} onChange={setSearch} />}
    >
      <InsertionOrderList
        order={overview.insertionOrder}
        tables={overview.tables.map((table) => ({ ...table, figures: figuresOf(table) }))}
        search={search}
      />
    </Card>
  );
}

function figuresOf({ rows, rowsAreExact, sizeBytes, kind }: OverviewTable): string {
  const count = `${rowsAreExact ? "" : "about "}${formatNoun(rows, "row")}`;
  const partitioned = kind === "partitioned table" ? "partitioned · " : "";
  return `${partitioned}${count} · ${formatBytes(sizeBytes)}`;
}
