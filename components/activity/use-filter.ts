import { useSearchParams } from "next/navigation";
import { useCallback, useMemo } from "react";
import type { ActivityFilter } from "../../lib/shared/api.ts";
import { readFilter, writeFilter } from "./activity-filter.ts";

/** The filter is the address's, so that it can be sent to somebody, and the browser's back button undoes it. */
export function useFilter() {
  const params = useSearchParams();
  const filter = useMemo(() => readFilter(params), [params]);
  const change = useCallback((next: ActivityFilter, entry: "new" | "same" = "new") => {
    // Not by the router: the page is the same, and the server need not make it again.
    const method = entry === "new" ? "pushState" : "replaceState";
    window.history[method](null, "", `${window.location.pathname}${writeFilter(next)}`);
  }, []);
  return { filter, change };
}
