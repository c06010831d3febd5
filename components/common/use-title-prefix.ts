import { useEffect } from "react";

/** What is put before the host's title, in this order. */
const parts: Record<"state" | "page", string | null> = { state: null, page: null };
let prefix = "";

function apply(): void {
  const title = document.head.querySelector("title");
  if (!title) return;
  const own = title.text.startsWith(prefix) ? title.text.slice(prefix.length) : title.text;
  prefix = [parts.state, parts.page].map((part) => (part === null ? "" : `${part} · `)).join("");
  if (title.text !== `${prefix}${own}`) title.text = `${prefix}${own}`;
}

/** Puts the name of a page, or its state, before the title, for people who wait in another tab. */
export function useTitlePrefix(text: string | null, part: keyof typeof parts = "state"): void {
  useEffect(() => {
    parts[part] = text;
    apply();
    // Next replaces the title on each navigation, also between the steps of a restore, and sets the new one later.
    const observer = new MutationObserver(apply);
    observer.observe(document.head, { childList: true, characterData: true, subtree: true });
    return () => {
      observer.disconnect();
      parts[part] = null;
      apply();
    };
  }, [text, part]);
}
