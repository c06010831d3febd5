/**
 * What the page and every answer of its API have: no other site puts it into a frame, nothing is taken for another
 * type, and no address of it reaches another site. Not `frame-ancestors`, so that an app's own policy stays whole.
 */
export const SECURITY_HEADERS: ReadonlyArray<{ key: string; value: string }> = [
  { key: "X-Frame-Options", value: "DENY" },
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "Referrer-Policy", value: "same-origin" },
];
