import { cellsOf } from "./cells.ts";
import { indent } from "./json-text.ts";
import { LocalArchiveSession, type OpenTable } from "./local-archive-session.ts";
import { searchRows } from "./search-rows.ts";
import { rowsOfIndex, rowsOfLines, tableCsv } from "./table-csv.ts";
import type { TableState, WorkerMethods, WorkerProgress } from "./worker-protocol.ts";

interface Call {
  signal: AbortSignal;
  onProgress: (progress: WorkerProgress) => void;
}

type Methods = {
  [Method in keyof WorkerMethods]: (
    args: WorkerMethods[Method]["args"],
    call: Call,
  ) => WorkerMethods[Method]["result"] | Promise<WorkerMethods[Method]["result"]>;
};

const REPORT_EVERY_MS = 100;
/** Messages are not answered during this time. */
const SEARCH_SLICE_MS = 25;
const CELL_CHARACTERS = 200;

/** Creates the worker's methods and its state: one archive, one open table, one search in it. */
export function createWorkerMethods(): Methods {
  let session: LocalArchiveSession | null = null;
  let table: OpenTable | null = null;
  let found: number[] = [];

  const opened = () => {
    if (!session) throw new Error("No archive is open.");
    return session;
  };
  const openedTable = () => {
    if (!table) throw new Error("No table is open.");
    return table;
  };

  return {
    async open({ file, maxBytes }) {
      const { report, session: next } = await LocalArchiveSession.open(file, maxBytes);
      [session, table, found] = [next, null, []];
      return { report, isOpen: next !== null };
    },
    unlock: (secret) => opened().unlock(secret),
    async verify(_, { signal, onProgress }) {
      const report = reportTables(onProgress);
      const verdict = await opened().verify(report.table, signal);
      report.flush();
      return verdict;
    },
    async openTable({ index }, { signal, onProgress }) {
      [table, found] = [null, []];
      const report = reportTables(onProgress);
      const next = await opened().openTable(
        index,
        (rows, bytes) => report.table(index, "running", rows, bytes),
        signal,
      );
      // Another table may have been opened meanwhile.
      signal.throwIfAborted();
      table = next;
      return { columns: next.columns, rows: next.index.rows };
    },
    closeTable() {
      [table, found] = [null, []];
      return null;
    },
    rows({ from, to, isFound }) {
      const { index, columns } = openedTable();
      const end = Math.min(to, isFound ? found.length : index.rows);
      return Array.from({ length: Math.max(0, end - from) }, (_, at) => {
        const row = isFound ? (found[from + at] as number) : from + at;
        const cells = cellsOf(index.row(row), columns).map((text) =>
          text !== null && text.length > CELL_CHARACTERS
            ? `${text.slice(0, CELL_CHARACTERS)}…`
            : text,
        );
        return { place: row + 1, cells };
      });
    },
    row: ({ place }) => indent(openedTable().index.row(place - 1)),
    async search({ query }, { signal, onProgress }) {
      const { index, columns } = openedTable();
      const hits: number[] = [];
      found = hits;
      if (query === "") return { found: 0 };
      let sliceStart = performance.now();
      for (const { rows, scanned } of searchRows(index, columns, query)) {
        for (const row of rows) hits.push(row);
        if (performance.now() - sliceStart < SEARCH_SLICE_MS) continue;
        onProgress({ type: "search", found: hits.length, scanned });
        await nextTask();
        signal.throwIfAborted();
        sliceStart = performance.now();
      }
      return { found: hits.length };
    },
    foundPlaces: ({ max }) => found.slice(0, max).map((row) => row + 1),
    async csv({ index, forSpreadsheet }, { signal, onProgress }) {
      const columns = opened().columns(index);
      if (!columns) {
        const { columns, index: rows } = openedTable();
        return tableCsv(rowsOfIndex(rows), columns, { forSpreadsheet });
      }
      const report = reportTables(onProgress);
      let bytes = 0;
      async function* counted() {
        for await (const chunk of opened().readTable(index, signal)) {
          bytes += chunk.length;
          report.table(index, "running", 0, bytes);
          yield chunk;
        }
      }
      return tableCsv(rowsOfLines(counted()), columns, { forSpreadsheet });
    },
  };
}

/** Lets the worker receive messages, such as a cancellation. */
const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/** Reports many tables' progress together, a few times per second. */
function reportTables(onProgress: Call["onProgress"]) {
  const changed = new Map<number, [index: number, TableState, rows: number, bytes: number]>();
  let reportedAt = performance.now();
  const flush = () => {
    if (changed.size > 0) onProgress({ type: "tables", tables: [...changed.values()] });
    changed.clear();
    reportedAt = performance.now();
  };
  return {
    table(index: number, state: TableState, rows: number, bytes: number) {
      changed.set(index, [index, state, rows, bytes]);
      if (performance.now() - reportedAt >= REPORT_EVERY_MS) flush();
    },
    flush,
  };
}
