import { type RefObject, useLayoutEffect, useState } from "react";

/** The factor of one press of a button or key. */
export const ZOOM_STEP = 1.25;
const MAX_ZOOM = 2;
const MIN_ZOOM = 0.25;
/** Below this zoom, letters are hard to read. */
const READABLE_ZOOM = 0.8;

export type Zoom = ReturnType<typeof useZoom>;

/**
 * The zoom of a drawing that is as wide as its size container, at most. If it is zoomed in, its box scrolls to the sides.
 * The page scrolls up and down, so the wheel always does the same.
 *
 * @param box the scrolling element, with the drawing as its only child
 * @param width of the drawing at a zoom of 1, in pixels
 */
export function useZoom(box: RefObject<HTMLElement | null>, width: number) {
  /** `scale` is the zoom, divided by the one at which the whole width is in sight. `drawn` scrolls afterwards. */
  const [{ scale, drawn }, setView] = useState<{ scale: number; drawn?: () => void }>({ scale: 1 });
  useLayoutEffect(() => {
    drawn?.();
  }, [drawn]);

  const scrollBy = (dx: number, dy: number) => {
    box.current?.scrollBy({ left: dx, behavior: "instant" });
    scrollerOf(box.current)?.scrollBy({ top: dy, behavior: "instant" });
  };
  const scrollTo = (key: string, place: "nearest" | "center") =>
    box.current
      ?.querySelector(`[data-key="${CSS.escape(key)}"] > rect`)
      ?.scrollIntoView({ block: place, inline: place, behavior: "instant" });
  const zoomTo = (next: (zoom: number) => number, drawn: (before: DOMRect) => void) => {
    const before = box.current?.firstElementChild?.getBoundingClientRect();
    if (!before) return;
    const zoom = before.width / width;
    const fit = zoom / scale;
    const limited = Math.min(MAX_ZOOM, Math.max(Math.min(MIN_ZOOM, fit), next(zoom)));
    setView({ scale: limited / fit, drawn: () => drawn(before) });
  };
  /** Puts the point that was in the middle before there again. */
  const keepMiddle = (before: DOMRect) => {
    const after = box.current?.firstElementChild?.getBoundingClientRect();
    const frame = box.current?.getBoundingClientRect();
    if (!after || !frame) return;
    const x = frame.left + frame.width / 2;
    const y = Math.min(before.bottom, Math.max(before.top, window.innerHeight / 2));
    const factor = after.width / before.width;
    scrollBy(
      after.left - x + factor * (x - before.left),
      after.top - y + factor * (y - before.top),
    );
  };
  return {
    /** The drawing's width, as CSS for an element in a size container. */
    width: `calc(${scale} * min(100cqw - 2px, ${width}px))`,
    /** Zooms around the middle of what is in sight, and keeps a table in sight, if one is given. */
    zoomBy: (factor: number, key: string | null) =>
      zoomTo(
        (zoom) => zoom * factor,
        (before) => {
          keepMiddle(before);
          if (key !== null) scrollTo(key, "nearest");
        },
      ),
    fit: () => setView({ scale: 1 }),
    /** Shows a table in the middle, at a readable zoom. */
    goTo: (key: string) =>
      zoomTo(
        (zoom) => Math.max(zoom, READABLE_ZOOM),
        () => scrollTo(key, "center"),
      ),
    /** Scrolls only if part of the table is out of sight. */
    show: (key: string) => scrollTo(key, "nearest"),
    scrollBy,
  };
}

/** The element that scrolls up and down around another. */
function scrollerOf(element: Element | null): Element {
  for (let outer = element?.parentElement; outer; outer = outer.parentElement) {
    const scrolls = /auto|scroll/.test(getComputedStyle(outer).overflowY);
    if (scrolls && outer.scrollHeight > outer.clientHeight) return outer;
  }
  return document.documentElement;
}
