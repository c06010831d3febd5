import { crc32, deflateSync } from "node:zlib";

export type Shape = "cup" | "plate" | "bottle" | "lamp" | "cushion" | "book" | "leaf";

const SIZE = 72;

/** Whether a point belongs to the shape. Both coordinates range from -1 to 1, y points downwards. */
const SHAPES: Record<Shape, (x: number, y: number) => boolean> = {
  cup: (x, y) =>
    (Math.abs(x + 0.1) < 0.4 - y * 0.06 && Math.abs(y) < 0.45) || isRing(x - 0.38, y, 0.14, 0.24),
  plate: (x, y) => (x * x + y * y < 0.5 && x * x + y * y > 0.42) || x * x + y * y < 0.3,
  bottle: (x, y) =>
    (Math.abs(x) < 0.13 && y > -0.7 && y < 0) || (x / 0.34) ** 2 + ((y - 0.25) / 0.45) ** 2 < 1,
  lamp: (x, y) =>
    (y > -0.6 && y < 0 && Math.abs(x) < 0.5 + y * 0.45 + 0.1) ||
    (Math.abs(x) < 0.035 && y >= 0 && y < 0.6) ||
    (Math.abs(x) < 0.26 && y >= 0.58 && y < 0.66),
  cushion: (x, y) => Math.abs(x) ** 4 + Math.abs(y) ** 4 < 0.13,
  book: (x, y) => Math.abs(x) < 0.4 && Math.abs(y) < 0.55 && !(x > -0.3 && x < -0.26),
  leaf: (x, y) =>
    (Math.hypot(x + 0.35, y) < 0.62 && Math.hypot(x - 0.35, y) < 0.62) ||
    (Math.abs(x) < 0.03 && y > 0 && y < 0.75),
};

function isRing(x: number, y: number, inner: number, outer: number): boolean {
  const distance = Math.hypot(x, y);
  return distance > inner && distance < outer;
}

type Colour = readonly [red: number, green: number, blue: number];

/** Draws a small PNG: the shape in one colour on a plain ground. */
export function drawPicture(shape: Shape, colour: Colour, ground: Colour): Buffer {
  const covers = SHAPES[shape];
  const lines = Buffer.alloc(SIZE * (1 + SIZE * 3));
  for (let row = 0; row < SIZE; row++) {
    for (let column = 0; column < SIZE; column++) {
      const coverage = sampleAround(covers, column, row);
      for (let channel = 0; channel < 3; channel++) {
        const value = mix(ground[channel] ?? 0, colour[channel] ?? 0, coverage);
        lines[row * (1 + SIZE * 3) + 1 + column * 3 + channel] = value;
      }
    }
  }
  const header = Buffer.alloc(13);
  header.writeUInt32BE(SIZE, 0);
  header.writeUInt32BE(SIZE, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

/** How much of a pixel the shape covers, from four points in it, so that edges look smooth. */
function sampleAround(covers: (x: number, y: number) => boolean, column: number, row: number) {
  let hits = 0;
  for (const dx of [0.25, 0.75]) {
    for (const dy of [0.25, 0.75]) {
      if (covers(((column + dx) / SIZE) * 2 - 1, ((row + dy) / SIZE) * 2 - 1)) hits++;
    }
  }
  return hits / 4;
}

const mix = (from: number, to: number, share: number) => Math.round(from + (to - from) * share);

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, checksum]);
}
