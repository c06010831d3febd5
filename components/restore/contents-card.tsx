import { useEffect, useRef, useState } from "react";
import { formatBytes, formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { SearchInput } from "../common/search-input.tsx";
import { TableTitle } from "../common/table-title.tsx";
import { BROWSE_MAX_BYTES } from "../local/limits.ts";
import type { LocalTable } from "../local/local-archive-session.ts";
import type { TableState } from "../local/worker-protocol.ts";
import { matchesTable } from "../matches-table.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Check, CircleX, Rows3 } from "../ui/icons.ts";
import { Spinner } from "../ui/spinner.tsx";
import type { ChosenBackup } from "./chosen-file-store.ts";

interface ContentsCardProps {
  backup: ChosenBackup;
  isOpen: boolean;
  onOpen: (isOpen: boolean) => void;
  onBrowse: (index: number) => void;
  /** Index of the table whose rows were shown before. It gets the focus back. */
  focused: number | null;
}

/** Lists the backup's tables. Each can be browsed. */
export function ContentsCard(props: ContentsCardProps) {
  const { backup, isOpen, onOpen, onBrowse, focused } = props;
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    list.current?.querySelector<HTMLElement>(`[data-table="${focused}"] button`)?.focus();
  }, [focused]);
  const [search, setSearch] = useState("");
  const { contents, verification } = backup;
  const tables = contents?.tables ?? [];
  const readings =
    verification.name === "running" || verification.name === "ended" ? verification.tables : [];
  return (
    <Card
      title="Look inside"
      className={isOpen ? undefined : "pba:[&>header]:mb-0"}
      description={`${figuresOf(tables)}. Their rows stay in this browser.`}
      actions={
        <>
          {isOpen && tables.length > 8 && (
            <SearchInput label="Search tables" value={search} onChange={setSearch} />
          )}
          <Button size="small" aria-expanded={isOpen} onClick={() => onOpen(!isOpen)}>
            {isOpen ? "Hide the tables" : "Show the tables"}
          </Button>
        </>
      }
    >
      <ul
        ref={list}
        hidden={!isOpen}
        aria-label="Tables of the backup"
        className="pba:divide-y pba:divide-line"
      >
        {tables.map(
          (table, index) =>
            matchesTable(table, search) && (
              <TableLine
                key={tableKey(table)}
                index={index}
                table={table}
                state={readings[index]?.state ?? "waiting"}
                isVerifying={verification.name === "running"}
                onBrowse={() => onBrowse(index)}
              />
            ),
        )}
      </ul>
    </Card>
  );
}

/** The original's files do not say how many rows they have. */
function figuresOf(tables: LocalTable[]): string {
  const figures = [formatNoun(tables.length, "table")];
  if (tables.every(({ rows }) => rows !== null)) {
    figures.push(
      formatNoun(
        tables.reduce((sum, { rows }) => sum + (rows ?? 0), 0),
        "row",
      ),
    );
  }
  return figures.join(", ");
}

interface TableLineProps {
  index: number;
  table: LocalTable;
  state: TableState;
  isVerifying: boolean;
  onBrowse: () => void;
}

function TableLine({ index, table, state, isVerifying, onBrowse }: TableLineProps) {
  const isTooLarge = table.jsonBytes > BROWSE_MAX_BYTES;
  const figures = [
    ...(table.rows === null ? [] : [formatNoun(table.rows, "row")]),
    formatBytes(table.jsonBytes),
  ];
  return (
    <li
      data-table={index}
      className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-1 pba:py-2"
    >
      <span className="pba:flex pba:min-w-0 pba:grow pba:basis-60 pba:items-center pba:gap-3">
        <StateMark state={state} isVerifying={isVerifying} />
        {table.schema === "" ? (
          <span className="pba:font-medium pba:wrap-anywhere">{table.name}</span>
        ) : (
          <TableTitle table={table} />
        )}
      </span>
      <span className="pba:text-muted">{figures.join(" · ")}</span>
      {isTooLarge ? (
        <span className="pba:text-muted">
          Too large to be shown here: at most {formatBytes(BROWSE_MAX_BYTES)}
        </span>
      ) : (
        <Button
          size="small"
          onClick={onBrowse}
          disabled={table.rows === 0 || state === "damaged"}
          aria-label={`Show rows of ${table.model ?? table.name}`}
        >
          <Rows3 aria-hidden />
          Show rows
        </Button>
      )}
    </li>
  );
}

function StateMark({ state, isVerifying }: { state: TableState; isVerifying: boolean }) {
  switch (state) {
    case "done":
      return (
        <Check role="img" aria-label="Fine" className="pba:size-4 pba:shrink-0 pba:text-good" />
      );
    case "damaged":
      return (
        <CircleX role="img" aria-label="Damaged" className="pba:size-4 pba:shrink-0 pba:text-bad" />
      );
    case "running":
      return isVerifying ? <Spinner /> : <span className="pba:size-4 pba:shrink-0" />;
    case "waiting":
      return <span className="pba:size-4 pba:shrink-0" />;
    default:
      throw state satisfies never;
  }
}
