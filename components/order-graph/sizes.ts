/** In pixels, at a zoom of 1. */
export const NODE_WIDTH = 196;
export const NODE_HEIGHT = 68;
/** From the left side of one layer to that of the next. */
export const COLUMN = NODE_WIDTH + 92;
export const NODE_GAP = 18;
/** Between lines that pass, and between them and a table. */
export const BEND_GAP = 10;
export const BEND_HEIGHT = 4;
/** Around the tables of a cycle: at the sides for its arcs, at the top for its label. */
export const FRAME = { side: 34, top: 30, bottom: 14 } as const;
/** Between the picture and the tables that have no part in it. */
export const UNRELATED_GAP = 64;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
