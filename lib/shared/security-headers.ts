/**
 * The headers of the page and of every API response: other sites cannot frame it, browsers do not guess content types,
 * and its addresses are not sent to other sites as referrers. Without `frame-ancestors`, so that the app's own policy
 * stays complete.
 */
export const SECURITY_HEADERS: ReadonlyArray<{ key: string; value: string }> = [
  { key: "X-Frame-Options", value: "DENY" },
  { key: "X-Content-Type-Options", value: "nosniff" },
  { key: "Referrer-Policy", value: "same-origin" },
];
