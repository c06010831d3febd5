import { useCallback, useEffect, useRef, useState } from "react";
import { ArchiveProblem } from "./archive-problem.ts";
import { isCancelled, type LocalArchiveClient } from "./local-archive-client.ts";
import type { ShownRow, TableInfo } from "./worker-protocol.ts";

const SEARCH_DELAY_MS = 200;

export type Opening =
  | { name: "opening"; bytes: number }
  | { name: "open"; table: TableInfo }
  | { name: "failed"; isDamaged: boolean };

/** Lets the worker read a table, and frees it when the component is unmounted. */
export function useOpenTable(client: LocalArchiveClient, index: number): Opening {
  const [opening, setOpening] = useState<Opening>({ name: "opening", bytes: 0 });
  useEffect(() => {
    const controller = new AbortController();
    const { signal } = controller;
    client
      .call(
        "openTable",
        { index },
        {
          signal,
          onProgress: (progress) => {
            if (progress.type === "bytes") setOpening({ name: "opening", bytes: progress.bytes });
          },
        },
      )
      .then(
        (table) => {
          if (!signal.aborted) setOpening({ name: "open", table });
        },
        (error) => {
          if (signal.aborted || isCancelled(error)) return;
          setOpening({ name: "failed", isDamaged: error instanceof ArchiveProblem });
        },
      );
    return () => {
      controller.abort();
      // Frees the table's memory. If the worker has ended, it is free already.
      client.call("closeTable", null).catch(() => undefined);
    };
  }, [client, index]);
  return opening;
}

export interface Search {
  query: string;
  found: number;
  /** Number of rows searched so far. */
  scanned: number;
  isRunning: boolean;
}

/** Searches for a text shortly after it was typed. A new search stops the previous one. Null: all rows are shown. */
export function useSearch(client: LocalArchiveClient, query: string): Search | null {
  const [search, setSearch] = useState<Search | null>(null);
  useEffect(() => {
    if (query === "") return setSearch(null);
    const controller = new AbortController();
    const { signal } = controller;
    const show = (next: Omit<Search, "query">) => {
      if (!signal.aborted) setSearch({ query, ...next });
    };
    const timer = setTimeout(async () => {
      show({ found: 0, scanned: 0, isRunning: true });
      let scanned = 0;
      try {
        const { found } = await client.call(
          "search",
          { query },
          {
            signal,
            onProgress: (progress) => {
              if (progress.type !== "search") return;
              scanned = progress.scanned;
              show({ found: progress.found, scanned, isRunning: true });
            },
          },
        );
        show({ found, scanned, isRunning: false });
      } catch {
        // Stopped by the next search, or because the worker ended.
      }
    }, SEARCH_DELAY_MS);
    return () => {
      clearTimeout(timer);
      controller.abort();
    };
  }, [client, query]);
  return query === "" ? null : search;
}

interface Wanted {
  from: number;
  to: number;
  isFound: boolean;
  /** Identifies the list of rows. */
  list: string;
}

/** The rows in sight, as far as the worker has returned them. */
export function useRows(
  client: LocalArchiveClient,
  { from, to, isFound, list }: Wanted,
): (position: number) => ShownRow | undefined {
  const [shown, setShown] = useState<{ list: string; from: number; rows: ShownRow[] }>();
  const latest = useRef(0);
  useEffect(() => {
    latest.current += 1;
    const turn = latest.current;
    client.call("rows", { from, to, isFound }).then(
      (rows) => {
        if (turn === latest.current) setShown({ list, from, rows });
      },
      () => {
        // The worker ended, which the page reports elsewhere.
      },
    );
  }, [client, from, to, isFound, list]);
  return useCallback(
    (position) => (shown?.list === list ? shown.rows[position - shown.from] : undefined),
    [shown, list],
  );
}
