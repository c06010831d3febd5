import { createExternalState, createRemembered } from "../external-state.ts";

export type OrderView = "list" | "graph";

/** On narrower screens, a graph needs too much moving. */
const WIDE = "(min-width: 640px)";

const chosen = createRemembered(() => sessionStorage, "pba-order-view");
const state = createExternalState((onChange) => {
  const wide = window.matchMedia(WIDE);
  wide.addEventListener("change", onChange);
  return () => wide.removeEventListener("change", onChange);
});

/** List or graph: the choice in this tab, otherwise by the width of the window. */
export const useOrderView = (): [OrderView, (view: OrderView) => void] => [
  state.useValue(read, "list"),
  choose,
];

function read(): OrderView {
  const view = chosen.read();
  if (view === "list" || view === "graph") return view;
  return window.matchMedia(WIDE).matches ? "graph" : "list";
}

function choose(view: OrderView): void {
  chosen.write(view);
  state.changed();
}
