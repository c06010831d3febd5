import { useRouter, useSearchParams } from "next/navigation";
import { useCallback, useEffect, useState } from "react";
import type { ActivityFilter } from "../../lib/shared/api.ts";
import { usePanel } from "../panel-context.tsx";
import { readFilter, writeFilter } from "./activity-filter.ts";

/**
 * Keeps the filter in the address, so that it can be shared as a link and the back button undoes a change. The view
 * changes at once. It does not wait for the router, which asks the server first.
 */
export function useFilter() {
  const { paths } = usePanel();
  const router = useRouter();
  const params = useSearchParams();
  const [filter, setFilter] = useState(() => readFilter(params));
  useEffect(() => {
    const follow = () => setFilter(readFilter(new URLSearchParams(window.location.search)));
    window.addEventListener("popstate", follow);
    return () => window.removeEventListener("popstate", follow);
  }, []);
  const change = useCallback(
    (next: ActivityFilter, entry: "new" | "same" = "new") => {
      const query = writeFilter(next);
      const go = entry === "new" ? router.push : router.replace;
      // Not `history.pushState`: after a reload, the router cannot go back over entries that it did not create.
      go(`${paths.activity}${query}`, { scroll: false });
      setFilter(readFilter(new URLSearchParams(query)));
    },
    [paths, router],
  );
  return { filter, change };
}
