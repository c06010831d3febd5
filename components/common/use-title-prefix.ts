import { useEffect } from "react";

/** Puts a prefix before the page's title, for people who wait in another tab. */
export function useTitlePrefix(prefix: string | null): void {
  useEffect(() => {
    if (prefix === null) return;
    const start = `${prefix} · `;
    const put = () => {
      const title = document.head.querySelector("title");
      if (title && !title.text.startsWith(start)) title.text = `${start}${title.text}`;
    };
    put();
    // Next replaces the title on each navigation, also between the steps of a restore, and sets the new one later.
    const observer = new MutationObserver(put);
    observer.observe(document.head, { childList: true, characterData: true, subtree: true });
    return () => {
      observer.disconnect();
      const title = document.head.querySelector("title");
      if (title?.text.startsWith(start)) title.text = title.text.slice(start.length);
    };
  }, [prefix]);
}
