import { type RefObject, useEffect, useRef } from "react";

/** The page that this window showed last. */
let shown: string | null = null;

/**
 * Moves the focus to the page's heading after a navigation, like a browser that loads a page.
 *
 * @param page identifies the page
 * @param state of the page's content. If the content changes and the focused element disappears, the heading also gets
 *   the focus.
 * @returns a ref for an element around the heading
 */
export function useHeadingFocus(page: string, state = ""): RefObject<HTMLDivElement | null> {
  const around = useRef<HTMLDivElement>(null);
  const before = useRef(state);
  useEffect(() => {
    const isMove = shown !== null && shown !== page;
    const isLost = before.current !== state && document.activeElement === document.body;
    shown = page;
    before.current = state;
    const heading = around.current?.querySelector("h1");
    if (!heading || (!isMove && !isLost)) return;
    heading.tabIndex = -1;
    // The browser and the router decide the scroll position.
    heading.focus({ preventScroll: true });
  }, [page, state]);
  return around;
}
