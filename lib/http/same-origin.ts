import { BackupError } from "../errors.ts";

const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/**
 * Refuses what another site sends in a person's name. The browser's own word (Sec-Fetch-Site) counts
 * first; without it, as on plain http, Origin has to name this host. A change with neither is refused.
 *
 * @throws CROSS_ORIGIN
 */
export function requireSameOrigin(request: Request): void {
  const isSafe = SAFE_METHODS.includes(request.method);
  const site = request.headers.get("sec-fetch-site");
  // `none`: typed into the address bar, or a bookmark.
  if (site === "same-origin" || (site === "none" && isSafe)) return;
  const origin = request.headers.get("origin");
  if (site === null && origin === null && isSafe) return;
  if (site === null && origin !== null && isThisHost(origin, request)) return;
  throw new BackupError("CROSS_ORIGIN", "The request came from another site and was refused.", {
    hint: "Open the page of this app and try there. Behind a proxy, it has to pass Host or X-Forwarded-Host on.",
  });
}

/** A browser that sends no Sec-Fetch-Site may be behind a proxy that ends TLS: the host alone is compared. */
function isThisHost(origin: string, request: Request): boolean {
  const forwarded = request.headers.get("x-forwarded-host")?.split(",")[0]?.trim();
  const host = forwarded || request.headers.get("host") || new URL(request.url).host;
  const url = URL.parse(origin);
  return url !== null && url.host === URL.parse(`${url.protocol}//${host}`)?.host;
}
