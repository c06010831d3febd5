import { useEffect } from "react";

/** Keeps a text before the page's title, for who waits in another tab. */
export function useTitlePrefix(prefix: string | null): void {
  useEffect(() => {
    if (prefix === null) return;
    const start = `${prefix} · `;
    const put = () => {
      const title = document.head.querySelector("title");
      if (title && !title.text.startsWith(start)) title.text = `${start}${title.text}`;
    };
    put();
    // Next takes the title away with each page, also between the steps of a restore, and puts another one there later.
    const observer = new MutationObserver(put);
    observer.observe(document.head, { childList: true, characterData: true, subtree: true });
    return () => {
      observer.disconnect();
      const title = document.head.querySelector("title");
      if (title?.text.startsWith(start)) title.text = title.text.slice(start.length);
    };
  }, [prefix]);
}
