import { useEffect, useRef, useState } from "react";
import { VERDICT_TITLES } from "../../lib/shared/archive-verdict.ts";
import { formatBytes, formatCount, formatNoun } from "../../lib/shared/format.ts";
import { MAX_CHOSEN_ROWS } from "../../lib/shared/limits.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { SearchInput } from "../common/search-input.tsx";
import { type ChosenBackup, chooseRows } from "../restore/chosen-file-store.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ArrowLeft } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import { CsvButton } from "./csv-button.tsx";
import type { LocalArchiveClient } from "./local-archive-client.ts";
import type { LocalTable } from "./local-archive-session.ts";
import { RowDialog } from "./row-dialog.tsx";
import { LIST_ROWS, RowGrid, type RowGridProps } from "./row-grid.tsx";
import { type Search, useOpenTable, useSearch } from "./use-open-table.ts";
import type { TableInfo } from "./worker-protocol.ts";

interface RowBrowserProps {
  client: LocalArchiveClient;
  table: LocalTable;
  /** The table's index in the archive. */
  index: number;
  canChoose: boolean;
  rows: ChosenBackup["rows"];
  onClose: () => void;
}

/** Shows the rows of one table of a backup that is open in this browser. */
export default function RowBrowser(props: RowBrowserProps) {
  const { client, table, index, onClose } = props;
  const opening = useOpenTable(client, index);
  const back = useRef<HTMLButtonElement>(null);
  useEffect(() => back.current?.focus(), []);
  const name = table.schema === "" ? table.name : tableLabel(table);
  return (
    <Card
      title={table.model ?? table.name}
      description={<span className="pba:font-mono pba:text-xs pba:wrap-anywhere">{name}</span>}
      actions={
        <Button ref={back} size="small" onClick={onClose}>
          <ArrowLeft aria-hidden />
          All tables
        </Button>
      }
    >
      {opening.name === "opening" && (
        <div className="pba:grid pba:gap-2">
          <p role="status">Reading the rows</p>
          <Progress
            label="Reading the rows"
            fraction={table.jsonBytes === 0 ? 1 : opening.bytes / table.jsonBytes}
          />
          <p className="pba:text-muted">
            {formatBytes(opening.bytes)} of {formatBytes(table.jsonBytes)}
          </p>
        </div>
      )}
      {opening.name === "failed" && (
        <Notice
          tone="bad"
          role="alert"
          title={opening.isDamaged ? VERDICT_TITLES.damaged : "The rows cannot be shown."}
        >
          <p>
            {opening.isDamaged
              ? "This table is not what was backed up, so none of it is shown."
              : "The browser stopped. It may have run out of memory."}
          </p>
        </Notice>
      )}
      {opening.name === "open" && <Rows {...props} info={opening.table} name={name} />}
    </Card>
  );
}

interface OpenTable extends RowBrowserProps {
  info: TableInfo;
  name: string;
}

function Rows(props: OpenTable) {
  const { client, table, index, canChoose, rows, info, name } = props;
  const [query, setQuery] = useState("");
  const search = useSearch(client, query);
  const [openPlace, setOpenPlace] = useState<number | null>(null);
  const [isFull, setIsFull] = useState(false);
  const chosen = rows.get(tableKey(table))?.places ?? NONE;
  const choose = (places: number[], isChosen: boolean) =>
    setIsFull(!chooseRows(table, places, isChosen));
  const chooseFound = async (found: number) => {
    if (found > MAX_CHOSEN_ROWS) return setIsFull(true);
    choose(await client.call("foundPlaces", { max: MAX_CHOSEN_ROWS }), true);
  };
  return (
    <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-3">
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-3">
        <SearchInput label="Search rows" value={query} onChange={setQuery} />
        <CsvButton client={client} index={index} fileName={`${name}.csv`} />
      </div>
      <p role="status" className="pba:text-muted">
        {statusOf(info, search)}
        {canChoose && chosen.size > 0 && ` · ${formatCount(chosen.size)} chosen`}
      </p>
      {isFull && (
        <Notice tone="warn" role="alert">
          <p>
            At most {formatCount(MAX_CHOSEN_ROWS)} single rows can be chosen. You can choose whole
            tables after the upload instead.
          </p>
        </Notice>
      )}
      {canChoose && search && !search.isRunning && search.found > 0 && (
        <Button size="small" className="pba:w-fit" onClick={() => chooseFound(search.found)}>
          Choose all {formatCount(search.found)} found
        </Button>
      )}
      <RowParts
        {...{ client, table, info }}
        search={search}
        chosen={canChoose ? chosen : null}
        onChoose={(place, isChosen) => choose([place], isChosen)}
        onOpen={setOpenPlace}
      />
      {openPlace !== null && (
        <RowDialog
          client={client}
          place={openPlace}
          tableName={name}
          onClose={() => setOpenPlace(null)}
        />
      )}
    </div>
  );
}

interface RowPartsProps
  extends Pick<OpenTable, "client" | "table" | "info">,
    Pick<RowGridProps, "chosen" | "onChoose" | "onOpen"> {
  search: Search | null;
}

/** The rows, in parts of the length that a browser can scroll. */
function RowParts({ client, table, info, search, ...grid }: RowPartsProps) {
  const [list, setList] = useState(0);
  const total = search ? search.found : info.rows;
  const lists = Math.max(1, Math.ceil(total / LIST_ROWS));
  const at = Math.min(list, lists - 1);
  const count = Math.min(LIST_ROWS, total - at * LIST_ROWS);
  if (count === 0) {
    return (
      <p className="pba:rounded-lg pba:border pba:border-dashed pba:border-line pba:p-6 pba:text-center pba:text-muted">
        {search?.isRunning
          ? "Searching"
          : search
            ? "No row holds this text."
            : "There are no rows."}
      </p>
    );
  }
  return (
    <>
      <RowGrid
        key={`${at} ${search ? search.query : ""}`}
        client={client}
        label={`Rows of ${table.model ?? table.name}`}
        columns={info.columns}
        count={count}
        offset={at * LIST_ROWS}
        isFound={search !== null}
        list={search ? `${search.query} ${search.isRunning}` : ""}
        {...grid}
      />
      {lists > 1 && (
        <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-3">
          <Button size="small" disabled={at === 0} onClick={() => setList(at - 1)}>
            Rows before
          </Button>
          <span>
            Part {at + 1} of {lists}
          </span>
          <Button size="small" disabled={at === lists - 1} onClick={() => setList(at + 1)}>
            Rows after
          </Button>
        </div>
      )}
    </>
  );
}

const NONE: ReadonlySet<number> = new Set();

function statusOf({ rows }: TableInfo, search: Search | null): string {
  if (!search) return formatNoun(rows, "row");
  const found = `${formatCount(search.found)} of ${formatNoun(rows, "row")} found`;
  return search.isRunning ? `${found}, ${formatCount(search.scanned)} searched` : found;
}
