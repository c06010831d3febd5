import { BackupError } from "../errors.ts";

const SAFE_METHODS: readonly string[] = ["GET", "HEAD", "OPTIONS"];

/**
 * Refuses requests that another site sends with a person's cookies: by Sec-Fetch-Site, which the browser sets, else, as
 * on plain http, by Origin, which must name this host. A change with neither is refused. @throws CROSS_ORIGIN
 */
export function requireSameOrigin(request: Request): void {
  const isSafe = SAFE_METHODS.includes(request.method);
  const site = request.headers.get("sec-fetch-site");
  // `none` means that the address was typed in or is a bookmark.
  if (site === "same-origin" || (site === "none" && isSafe)) return;
  const origin = request.headers.get("origin");
  if (site === null && origin === null && isSafe) return;
  if (site === null && origin !== null && isThisHost(origin, request)) return;
  throw new BackupError("CROSS_ORIGIN", "The request came from another site and was refused.", {
    hint: "Open the page of this app and try there. Behind a proxy, it has to pass Host or X-Forwarded-Host on.",
  });
}

/** Compares only the host, because a browser without Sec-Fetch-Site may be behind a proxy that terminates TLS. */
function isThisHost(origin: string, request: Request): boolean {
  const forwarded = request.headers.get("x-forwarded-host")?.split(",")[0]?.trim();
  const host = forwarded || request.headers.get("host") || new URL(request.url).host;
  const url = URL.parse(origin);
  return url !== null && url.host === URL.parse(`${url.protocol}//${host}`)?.host;
}
