/** The visible focus of everything that takes it. */
export const focusRing =
  "outline-none focus-visible:ring-2 focus-visible:ring-pba-ring focus-visible:ring-offset-2 focus-visible:ring-offset-pba-canvas";
