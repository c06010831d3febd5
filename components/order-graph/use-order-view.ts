import { useSyncExternalStore } from "react";

export type OrderView = "list" | "graph";

const STORED_AS = "pba-order-view";
/** Below, a graph is more moved than seen. */
const WIDE = "(min-width: 640px)";

/** Where the browser keeps nothing. */
let chosen: OrderView | null = null;
const listeners = new Set<() => void>();

/** List or graph: as chosen in this tab, else by the width of its window. */
export function useOrderView(): [OrderView, (view: OrderView) => void] {
  return [useSyncExternalStore(subscribe, read, () => "list"), choose];
}

function subscribe(onChange: () => void): () => void {
  const wide = window.matchMedia(WIDE);
  wide.addEventListener("change", onChange);
  listeners.add(onChange);
  return () => {
    wide.removeEventListener("change", onChange);
    listeners.delete(onChange);
  };
}

function read(): OrderView {
  const view = chosen ?? stored();
  return view ?? (window.matchMedia(WIDE).matches ? "graph" : "list");
}

function stored(): OrderView | null {
  try {
    const view = sessionStorage.getItem(STORED_AS);
    return view === "list" || view === "graph" ? view : null;
  } catch {
    return null;
  }
}

function choose(view: OrderView): void {
  chosen = view;
  try {
    sessionStorage.setItem(STORED_AS, view);
  } catch {
    // It is then kept until the page is loaded anew.
  }
  for (const notify of listeners) notify();
}
