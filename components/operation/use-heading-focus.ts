import { type RefObject, useEffect, useRef } from "react";

/** The page that was shown last in this window. */
let shown: string | null = null;

/**
 * Moves the focus to a page's heading when one gets there from another page, as a browser does that loads one.
 *
 * @param page what tells it from others
 * @returns goes around the heading
 */
export function useHeadingFocus(page: string): RefObject<HTMLDivElement | null> {
  const around = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const isMove = shown !== null && shown !== page;
    shown = page;
    const heading = around.current?.querySelector("h1");
    if (!isMove || !heading) return;
    heading.tabIndex = -1;
    heading.focus();
  }, [page]);
  return around;
}
