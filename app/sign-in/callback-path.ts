/**
 * Returns the path to open after signing in: a page of this app, or the overview for any other address. Accepts full
 * addresses of `origin`, because next-auth uses them. Parses them as a browser does.
 */
export function callbackPath(callbackUrl: string | undefined, origin: string): string {
  const url = callbackUrl ? URL.parse(callbackUrl, origin) : null;
  return url?.origin === origin ? url.pathname + url.search + url.hash : "/";
}
