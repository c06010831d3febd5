import { type RefObject, useEffect, useRef } from "react";

/** The page that was shown last in this window. */
let shown: string | null = null;

/**
 * Moves the focus to a page's heading when one gets there from another page, as a browser does that loads one.
 *
 * @param page what tells it from others
 * @param state of what it shows: when another one takes away what had the focus, the heading has it as well
 * @returns goes around the heading
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
    // Where the page is scrolled to is the browser's and the router's.
    heading.focus({ preventScroll: true });
  }, [page, state]);
  return around;
}
