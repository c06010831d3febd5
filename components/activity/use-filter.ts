import { useSearchParams } from "next/navigation";
import { useCallback, useEffect, useState } from "react";
import type { ActivityFilter } from "../../lib/shared/api.ts";
import { readFilter, writeFilter } from "./activity-filter.ts";

/**
 * The filter is in the address, so that it can be sent to somebody, and the browser's back button undoes it. Not by
 * the router, for which each filter would be a page that the server has to make: it is late with what it knows of the
 * address, at times for good.
 */
export function useFilter() {
  const params = useSearchParams();
  const [filter, setFilter] = useState(() => readFilter(params));
  useEffect(() => {
    const follow = () => setFilter(readFilter(new URLSearchParams(window.location.search)));
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  const change = useCallback((next: ActivityFilter, entry: "new" | "same" = "new") => {
    const query = writeFilter(next);
    const method = entry === "new" ? "pushState" : "replaceState";
    window.history[method](null, "", `${window.location.pathname}${query}`);
    setFilter(readFilter(new URLSearchParams(query)));
  }, []);
  return { filter, change };
}
