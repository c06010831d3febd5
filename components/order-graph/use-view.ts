import {
  type PointerEvent,
  type RefObject,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";
import { firstView, limit, moveBy, type Size, type View, zoomBy } from "./view.ts";

/** How far a pointer may move and still click, in pixels. */
const CLICK_PX = 5;
/** How long after the page scrolled the same turn of the wheel may continue. */
const SCROLL_GOES_ON_MS = 250;

interface PointerHandlers {
  onPointerDown: (event: PointerEvent) => void;
  onPointerMove: (event: PointerEvent) => void;
  onPointerUp: (event: PointerEvent) => void;
  onPointerCancel: (event: PointerEvent) => void;
}

export interface ControlledView {
  /** Null until the size on the screen is known. */
  view: View | null;
  screen: Size | null;
  change: (next: (view: View, screen: Size) => View) => void;
  pointer: PointerHandlers;
}

/** A view of a drawing that pointers and the wheel move and zoom. */
export function useView(
  element: RefObject<HTMLElement | null>,
  picture: Size,
  onClick: (target: Element) => void,
): ControlledView {
  const screen = useSize(element);
  const [chosen, setChosen] = useState<View | null>(null);
  const seen = screen && {
    view: limit(chosen ?? firstView(picture, screen), picture, screen),
    screen,
  };
  const change: ControlledView["change"] = (next) => {
    if (!screen) return;
    setChosen((before) =>
      limit(
        next(limit(before ?? firstView(picture, screen), picture, screen), screen),
        picture,
        screen,
      ),
    );
  };
  useWheel(element, picture, seen, setChosen);
  return {
    view: seen?.view ?? null,
    screen,
    change,
    pointer: usePointers(element, picture, change, onClick),
  };
}

function useSize(element: RefObject<HTMLElement | null>): Size | null {
  const [size, setSize] = useState<Size | null>(null);
  useLayoutEffect(() => {
    const { current } = element;
    if (!current) return;
    const measure = () => {
      const { clientWidth: width, clientHeight: height } = current;
      if (width > 0 && height > 0) setSize({ width, height });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(current);
    return () => observer.disconnect();
  }, [element]);
  return size;
}

/**
 * Like a box that scrolls: the wheel scrolls the page at the drawing's end, and while a scroll of the page continues.
 */
function useWheel(
  element: RefObject<HTMLElement | null>,
  picture: Size,
  seen: { view: View; screen: Size } | null,
  setView: (view: View) => void,
) {
  const latest = useRef({ picture, seen, setView });
  useEffect(() => {
    latest.current = { picture, seen, setView };
  });
  useEffect(() => {
    const { current } = element;
    if (!current) return;
    let pageScrolledAt = Number.NEGATIVE_INFINITY;
    const onScroll = () => {
      pageScrolledAt = performance.now();
    };
    const onWheel = (event: WheelEvent) => {
      const { picture, seen, setView } = latest.current;
      if (!seen) return;
      const { view, screen } = seen;
      let next: View;
      if (event.ctrlKey || event.metaKey) {
        // A pinch on a trackpad also arrives as a wheel event with `ctrlKey`.
        const factor = Math.exp(-pixels(event, event.deltaY) / 200);
        next = zoomBy(view, { factor, at: pointIn(current, event) }, picture, screen);
      } else {
        if (performance.now() - pageScrolledAt < SCROLL_GOES_ON_MS) return;
        const [dx, dy] =
          event.shiftKey && event.deltaX === 0 ? [event.deltaY, 0] : [event.deltaX, event.deltaY];
        next = moveBy(view, pixels(event, dx), pixels(event, dy));
      }
      const limited = limit(next, picture, screen);
      const stays = limited.x === view.x && limited.y === view.y && limited.zoom === view.zoom;
      if (stays && !event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      // Several events may arrive before the next render.
      latest.current.seen = { view: limited, screen };
      setView(limited);
    };
    window.addEventListener("scroll", onScroll, { passive: true });
    // React's own wheel handler is passive and could not keep the page from scrolling.
    current.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      window.removeEventListener("scroll", onScroll);
      current.removeEventListener("wheel", onWheel);
    };
  }, [element]);
}

const LINE_PX = 16;

const pixels = ({ deltaMode }: WheelEvent, delta: number): number =>
  deltaMode === WheelEvent.DOM_DELTA_LINE ? delta * LINE_PX : delta;

function pointIn(element: HTMLElement, at: { clientX: number; clientY: number }) {
  const { left, top } = element.getBoundingClientRect();
  return { x: at.clientX - left, y: at.clientY - top };
}

/** One pointer moves, two zoom, and one that does not move clicks. */
function usePointers(
  element: RefObject<HTMLElement | null>,
  picture: Size,
  change: ControlledView["change"],
  onClick: (target: Element) => void,
): PointerHandlers {
  const held = useRef(new Map<number, { x: number; y: number }>());
  const pressed = useRef<{ x: number; y: number; target: Element } | null>(null);
  const release = (event: PointerEvent) => {
    held.current.delete(event.pointerId);
    pressed.current = null;
  };
  return {
    onPointerDown(event) {
      if (event.button !== 0) return;
      const at = { x: event.clientX, y: event.clientY };
      held.current.set(event.pointerId, at);
      const isOnly = held.current.size === 1;
      pressed.current =
        isOnly && event.target instanceof Element ? { ...at, target: event.target } : null;
    },
    onPointerMove(event) {
      const before = held.current.get(event.pointerId);
      const { current } = element;
      if (!before || !current) return;
      const start = pressed.current;
      if (start && Math.hypot(event.clientX - start.x, event.clientY - start.y) < CLICK_PX) return;
      pressed.current = null;
      current.setPointerCapture(event.pointerId);
      const now = { x: event.clientX, y: event.clientY };
      held.current.set(event.pointerId, now);
      const other = [...held.current].find(([id]) => id !== event.pointerId)?.[1];
      if (!other) {
        change((view) => moveBy(view, before.x - now.x, before.y - now.y));
        return;
      }
      const distance = (point: typeof now) => Math.hypot(point.x - other.x, point.y - other.y);
      const factor = distance(now) / Math.max(1, distance(before));
      const middle = { clientX: (now.x + other.x) / 2, clientY: (now.y + other.y) / 2 };
      const at = pointIn(current, middle);
      const [dx, dy] = [(before.x - now.x) / 2, (before.y - now.y) / 2];
      change((view, screen) => moveBy(zoomBy(view, { factor, at }, picture, screen), dx, dy));
    },
    onPointerUp(event) {
      const start = pressed.current;
      release(event);
      if (start) onClick(start.target);
    },
    onPointerCancel: release,
  };
}
