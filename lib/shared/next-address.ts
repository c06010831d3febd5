/**
 * Addresses as a browser has to ask for them, of paths as `Link`, `redirect` and `usePathname` speak of them.
 *
 * Next compiles these two of its settings into every bundle and reads them so itself. Elsewhere they are not there.
 */

/** Next's `basePath`, empty where the app has none. */
export const nextBasePath = (): string => process.env.__NEXT_ROUTER_BASEPATH ?? "";

/** A path with Next's `basePath` before it; a whole URL as it is. */
export const withNextBasePath = (path: string): string =>
  path.startsWith("/") ? `${nextBasePath()}${path}` : path;

/** Also with a slash at its end where `trailingSlash` is set, or Next would redirect every request. For paths without a query. */
export const nextAddress = (path: string): string =>
  `${withNextBasePath(path)}${process.env.__NEXT_TRAILING_SLASH ? "/" : ""}`;

/** A sign-in's address that is told where to come back to. @param path as the browser asks for it */
export function withCallback(
  { signInPath, callbackParam }: { signInPath: string; callbackParam: string },
  path: string,
): string {
  const [address = "", fragment] = signInPath.split(/(?=#)/);
  const separator = address.includes("?") ? "&" : "?";
  return `${address}${separator}${callbackParam}=${encodeURIComponent(path)}${fragment ?? ""}`;
}
