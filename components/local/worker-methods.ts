import { cellsOf } from "./cells.ts";
import { rowsOfIndex, rowsOfLines, tableCsv } from "./csv.ts";
import { indent } from "./json-text.ts";
import { LocalArchiveSession, type OpenTable } from "./local-archive-session.ts";
import { searchRows } from "./search-rows.ts";
import type { TableChange, WorkerMethods, WorkerProgress } from "./worker-protocol.ts";

interface Call {
  signal: AbortSignal;
  onProgress: (progress: WorkerProgress) => void;
}

type Methods<Name extends keyof WorkerMethods = keyof WorkerMethods> = {
  [Method in Name]: (
    args: WorkerMethods[Method]["args"],
    call: Call,
  ) => WorkerMethods[Method]["result"] | Promise<WorkerMethods[Method]["result"]>;
};

const REPORT_EVERY_MS = 100;
/** Messages are not answered during this time. */
const SEARCH_SLICE_MS = 25;
const CELL_CHARACTERS = 200;

/** One archive, one table of it, and one search in that. */
interface Opened {
  session: LocalArchiveSession | null;
  table: OpenTable | null;
  /** Indexes of the rows that the search found. */
  found: number[];
}

function sessionOf({ session }: Opened): LocalArchiveSession {
  if (!session) throw new Error("No archive is open.");
  return session;
}

function tableOf({ table }: Opened): OpenTable {
  if (!table) throw new Error("No table is open.");
  return table;
}

const replaceTable = (opened: Opened, table: OpenTable | null) =>
  Object.assign(opened, { table, found: [] });

/** Creates the worker's methods and its state. */
export function createWorkerMethods(): Methods {
  const opened: Opened = { session: null, table: null, found: [] };
  return { ...archiveMethods(opened), ...tableMethods(opened) };
}

const archiveMethods = (
  opened: Opened,
): Methods<"open" | "unlock" | "verify" | "openTable" | "closeTable" | "csv"> => ({
  async open({ file, maxBytes }) {
    const { report, session } = await LocalArchiveSession.open(file, maxBytes);
    opened.session = session;
    replaceTable(opened, null);
    return { report, isOpen: session !== null };
  },
  unlock: (secret) => sessionOf(opened).unlock(secret),
  async verify(_, { signal, onProgress }) {
    const changed = new Map<number, TableChange>();
    const flush = () => onProgress({ type: "tables", tables: [...changed.values()] });
    const report = seldom(() => {
      flush();
      changed.clear();
    });
    const verdict = await sessionOf(opened).verify((...change) => {
      changed.set(change[0], change);
      report();
    }, signal);
    flush();
    return verdict;
  },
  async openTable({ index }, { signal, onProgress }) {
    replaceTable(opened, null);
    const report = seldom((bytes: number) => onProgress({ type: "bytes", bytes }));
    const table = await sessionOf(opened).openTable(index, report, signal);
    // Another table may have been opened meanwhile.
    signal.throwIfAborted();
    replaceTable(opened, table);
    return { columns: table.columns, rows: table.index.rows };
  },
  closeTable() {
    replaceTable(opened, null);
    return null;
  },
  async csv({ index, forSpreadsheet }, { signal, onProgress }) {
    const session = sessionOf(opened);
    const columns = session.columns(index);
    if (!columns) {
      const table = tableOf(opened);
      return tableCsv(rowsOfIndex(table.index), table.columns, { forSpreadsheet });
    }
    const report = seldom((bytes: number) => onProgress({ type: "bytes", bytes }));
    let bytes = 0;
    async function* counted() {
      for await (const chunk of session.readTable(index, signal)) {
        bytes += chunk.length;
        report(bytes);
        yield chunk;
      }
    }
    return tableCsv(rowsOfLines(counted()), columns, { forSpreadsheet });
  },
});

const tableMethods = (opened: Opened): Methods<"rows" | "row" | "search" | "foundPlaces"> => ({
  rows({ from, to, isFound }) {
    const { index, columns } = tableOf(opened);
    const end = Math.min(to, isFound ? opened.found.length : index.rows);
    return Array.from({ length: Math.max(0, end - from) }, (_, at) => {
      const row = isFound ? (opened.found[from + at] as number) : from + at;
      const cells = cellsOf(index.row(row), columns).map((text) =>
        text !== null && text.length > CELL_CHARACTERS
          ? `${text.slice(0, CELL_CHARACTERS)}…`
          : text,
      );
      return { place: row + 1, cells };
    });
  },
  row: ({ place }) => indent(tableOf(opened).index.row(place - 1)),
  async search({ query }, { signal, onProgress }) {
    const { index, columns } = tableOf(opened);
    const found: number[] = [];
    opened.found = found;
    if (query === "") return { found: 0 };
    let sliceStart = performance.now();
    for (const { rows, scanned } of searchRows(index, columns, query)) {
      for (const row of rows) found.push(row);
      if (performance.now() - sliceStart < SEARCH_SLICE_MS) continue;
      onProgress({ type: "search", found: found.length, scanned });
      await nextTask();
      signal.throwIfAborted();
      sliceStart = performance.now();
    }
    return { found: found.length };
  },
  foundPlaces: ({ max }) => opened.found.slice(0, max).map((row) => row + 1),
});

/** Lets the worker receive messages, such as a cancellation. */
const nextTask = () => new Promise((resolve) => setTimeout(resolve));

/** Leaves out calls, so that it is called a few times per second. */
function seldom<Args extends unknown[]>(call: (...args: Args) => void): (...args: Args) => void {
  let calledAt = performance.now();
  return (...args) => {
    if (performance.now() - calledAt < REPORT_EVERY_MS) return;
    calledAt = performance.now();
    call(...args);
  };
}
