/**
 * Where to go after signing in: a page of this app, or the overview for anything else. next-auth names the
 * page by its whole address, so an address of `origin` will do; read as the browser reads it.
 */
export function callbackPath(callbackUrl: string | undefined, origin: string): string {
  const url = callbackUrl ? URL.parse(callbackUrl, origin) : null;
  return url?.origin === origin ? url.pathname + url.search + url.hash : "/";
}
