import { useSyncExternalStore } from "react";

export type OrderView = "list" | "graph";

const STORED_AS = "pba-order-view";
/** On narrower screens, a graph needs too much moving. */
const WIDE = "(min-width: 640px)";

/** The choice, for browsers that store nothing. */
let chosen: OrderView | null = null;
const listeners = new Set<() => void>();

/** List or graph: the choice in this tab, otherwise by the width of the window. */
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
    // The choice then lasts until the page is reloaded.
  }
  for (const notify of listeners) notify();
}
