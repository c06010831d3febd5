/** The visible focus of all focusable elements. */
export const focusRing =
  "pba:focus-visible:outline-hidden pba:focus-visible:ring-2 pba:focus-visible:ring-ring pba:focus-visible:ring-offset-2 pba:focus-visible:ring-offset-canvas";
