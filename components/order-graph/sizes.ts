/** All sizes are in pixels, at a zoom of 1. */
export const NODE_WIDTH = 196;
export const NODE_HEIGHT = 68;
/** Distance between the left sides of neighbouring layers. */
export const COLUMN = NODE_WIDTH + 92;
export const NODE_GAP = 18;
/** Gap between passing lines, and between them and a table. */
export const BEND_GAP = 10;
export const BEND_HEIGHT = 4;
/** Space around the tables of a cycle: at the sides for its arcs, at the top for its label. */
export const FRAME = { side: 34, top: 30, bottom: 14 } as const;
/** Gap between the related tables and the unrelated ones below. */
export const UNRELATED_GAP = 64;
/** Space around the drawing. */
export const MARGIN = 20;

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}
