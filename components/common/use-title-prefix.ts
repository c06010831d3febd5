import { useEffect } from "react";

/** What is put before the host's title, in this order. */
const parts: Record<"state" | "page", string | null> = { state: null, page: null };
/** What was put into each title. Next may take one out of the page, and put it in again later. */
const written = new WeakMap<HTMLTitleElement, { own: string; text: string }>();

function apply(): void {
  const title = document.head.querySelector("title");
  if (!title) return;
  const last = written.get(title);
  const own = last?.text === title.text ? last.own : title.text;
  const text = [parts.state, parts.page, own].filter((part) => part !== null).join(" · ");
  written.set(title, { own, text });
  if (title.text !== text) title.text = text;
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
