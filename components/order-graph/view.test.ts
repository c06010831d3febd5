import { expect, it } from "vitest";
import {
  centreOn,
  contains,
  drawnFor,
  firstView,
  limit,
  moveBy,
  seenBy,
  wholeView,
  zoomBy,
} from "./view.ts";

const screen = { width: 800, height: 400 };
const picture = { width: 3000, height: 5000 };
const whole = { x: 0, y: 0, ...picture };

it("shows all, and never larger than it is", () => {
  expect(contains(seenBy(wholeView(picture, screen), screen), whole)).toBe(true);
  const small = { width: 100, height: 50 };
  expect(wholeView(small, screen).zoom).toBe(1);
  expect(firstView(small, screen)).toEqual(wholeView(small, screen));
});

it("begins on the left where all would be too small", () => {
  const seen = seenBy(firstView(picture, screen), screen);
  expect(seen.x).toBeLessThanOrEqual(0);
  expect(seen.width).toBeLessThan(picture.width);
});

it("keeps the picture in sight", () => {
  const far = seenBy(limit({ x: 1e6, y: -1e6, zoom: 1 }, picture, screen), screen);
  expect(far.x + far.width).toBeGreaterThanOrEqual(picture.width);
  expect(far.x).toBeLessThan(picture.width);
  expect(far.y).toBeLessThanOrEqual(0);
  expect(far.y + far.height).toBeGreaterThan(0);
  expect(limit({ x: 0, y: 0, zoom: 99 }, picture, screen).zoom).toBe(2);
  const view = limit({ x: 5, y: 5, zoom: 1 }, picture, screen);
  expect(limit(view, picture, screen)).toEqual(view);
});

it("zooms around a point, which stays where it is", () => {
  const view = { x: 100, y: 200, zoom: 0.5 };
  const at = { x: 300, y: 100 };
  const next = zoomBy(view, { factor: 2, at }, picture, screen);
  expect(next.zoom).toBe(1);
  expect(next.x + at.x / next.zoom).toBe(view.x + at.x / view.zoom);
  expect(next.y + at.y / next.zoom).toBe(view.y + at.y / view.zoom);
});

it("moves by the screen's pixels, and goes to a box", () => {
  expect(moveBy({ x: 0, y: 0, zoom: 0.5 }, 10, -20)).toEqual({ x: 20, y: -40, zoom: 0.5 });
  const box = { x: 2000, y: 3000, width: 190, height: 64 };
  const seen = seenBy(centreOn({ x: 0, y: 0, zoom: 0.1 }, box, screen), screen);
  expect(seen.x + seen.width / 2).toBeCloseTo(2095);
  expect(seen.y + seen.height / 2).toBeCloseTo(3032);
});

it("draws more than is seen, and the same while one moves a little", () => {
  for (let x = -900; x < 900; x += 37) {
    const seen = { x, y: 2 * x, width: 400, height: 200 };
    expect(contains(drawnFor(seen), seen)).toBe(true);
  }
  const at = (x: number) => drawnFor({ x, y: 10, width: 400, height: 200 });
  expect(at(10)).toEqual(at(150));
});
