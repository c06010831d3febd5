import { useEffect } from "react";

/** Puts a text before the page's title, for who waits in another tab. */
export function useTitlePrefix(prefix: string | null): void {
  useEffect(() => {
    if (prefix === null) return;
    const title = document.title;
    document.title = `${prefix} · ${title}`;
    return () => {
      document.title = title;
    };
  }, [prefix]);
}
