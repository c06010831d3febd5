import type { Box } from "./sizes.ts";

/**
 * The visible part of the drawing: its upper left corner in the drawing, and the number of screen pixels per pixel of
 * the drawing.
 */
export interface View {
  x: number;
  y: number;
  zoom: number;
}

export interface Size {
  width: number;
  height: number;
}

/** The factor of one press of a button or key. */
export const ZOOM_STEP = 1.25;
const MAX_ZOOM = 2;
const MIN_ZOOM = 0.25;
/** Below this zoom, letters are hard to read. Then a larger drawing that must be moved is better. */
const READABLE_ZOOM = 0.8;
/** Space around the drawing if it fits, and the part that stays visible if it is moved away. */
const MARGIN = 20;

/** The zoom at which the whole drawing is visible. */
const fitZoom = (picture: Size, screen: Size): number =>
  Math.min(
    1,
    screen.width / (picture.width + 2 * MARGIN),
    screen.height / (picture.height + 2 * MARGIN),
  );

const minZoom = (picture: Size, screen: Size): number =>
  Math.min(MIN_ZOOM, fitZoom(picture, screen));

/** Shows the whole drawing, centred. */
export function wholeView(picture: Size, screen: Size): View {
  const zoom = fitZoom(picture, screen);
  return {
    zoom,
    x: (picture.width - screen.width / zoom) / 2,
    y: (picture.height - screen.height / zoom) / 2,
  };
}

/**
 * Shows the whole drawing if it is readable. Otherwise shows as much as fits, from the left, where the order begins.
 */
export function firstView(picture: Size, screen: Size): View {
  const whole = wholeView(picture, screen);
  if (whole.zoom >= READABLE_ZOOM) return whole;
  const zoom = READABLE_ZOOM;
  const middle = (length: number, seen: number) => (length - seen) / 2;
  return {
    zoom,
    x: Math.min(-MARGIN, middle(picture.width, screen.width / zoom)),
    y: middle(picture.height, screen.height / zoom),
  };
}

/** Keeps part of the drawing visible and the zoom within its limits. */
export function limit(view: View, picture: Size, screen: Size): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(minZoom(picture, screen), view.zoom));
  const limitOne = (at: number, length: number, seen: number): number => {
    const [start, end] = [-MARGIN, length + MARGIN - seen];
    // A drawing smaller than the screen may be anywhere on it. Then `start` is greater than `end`.
    return Math.min(Math.max(start, end), Math.max(Math.min(start, end), at));
  };
  return {
    zoom,
    x: limitOne(view.x, picture.width, screen.width / zoom),
    y: limitOne(view.y, picture.height, screen.height / zoom),
  };
}

/** Moves by screen pixels. */
export const moveBy = (view: View, dx: number, dy: number): View => ({
  ...view,
  x: view.x + dx / view.zoom,
  y: view.y + dy / view.zoom,
});

interface Zoom {
  /** Greater than 1 makes the drawing larger. */
  factor: number;
  /** The point on the screen that stays in place. */
  at: { x: number; y: number };
}

export function zoomBy(view: View, { factor, at }: Zoom, picture: Size, screen: Size): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(minZoom(picture, screen), view.zoom * factor));
  return {
    zoom,
    x: view.x + at.x / view.zoom - at.x / zoom,
    y: view.y + at.y / view.zoom - at.y / zoom,
  };
}

/** Centres a box at a readable zoom. */
export function centreOn(view: View, box: Box, screen: Size): View {
  const zoom = Math.max(view.zoom, READABLE_ZOOM);
  return {
    zoom,
    x: box.x + box.width / 2 - screen.width / zoom / 2,
    y: box.y + box.height / 2 - screen.height / zoom / 2,
  };
}

export const seenBy = (view: View, screen: Size): Box => ({
  x: view.x,
  y: view.y,
  width: screen.width / view.zoom,
  height: screen.height / view.zoom,
});

export const touches = (a: Box, b: Box): boolean =>
  a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;

export const contains = (outer: Box, inner: Box): boolean =>
  inner.x >= outer.x &&
  inner.y >= outer.y &&
  inner.x + inner.width <= outer.x + outer.width &&
  inner.y + inner.height <= outer.y + outer.height;

/** Centres a box if part of it is not visible. */
export const bringIn = (view: View, box: Box, screen: Size): View =>
  contains(seenBy(view, screen), box) ? view : centreOn(view, box, screen);

/**
 * The box to draw: somewhat more than what is visible. It changes in steps, so it stays the same during small moves.
 */
export function drawnFor(seen: Box): Box {
  const [stepX, stepY] = [seen.width / 2, seen.height / 2];
  return {
    x: (Math.floor(seen.x / stepX) - 1) * stepX,
    y: (Math.floor(seen.y / stepY) - 1) * stepY,
    width: seen.width + 3 * stepX,
    height: seen.height + 3 * stepY,
  };
}
