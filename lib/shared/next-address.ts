/**
 * Turns paths as `Link`, `redirect` and `usePathname` use them into the addresses that a browser requests.
 *
 * Next compiles these two of its settings into every bundle and reads them there itself. Outside Next they are not set.
 */

/** Next's `basePath`. Empty if the app has none. */
export const nextBasePath = (): string => process.env.__NEXT_ROUTER_BASEPATH ?? "";

/** Puts Next's `basePath` before a path. Leaves a whole URL as it is. */
export const withNextBasePath = (path: string): string =>
  path.startsWith("/") ? `${nextBasePath()}${path}` : path;

/** Also adds the slash of `trailingSlash`, or Next would redirect every request. For paths without a query. */
export const nextAddress = (path: string): string =>
  `${withNextBasePath(path)}${process.env.__NEXT_TRAILING_SLASH ? "/" : ""}`;

/** Adds the return address to a sign-in address. @param path as the browser requests it */
export function withCallback(
  { signInPath, callbackParam }: { signInPath: string; callbackParam: string },
  path: string,
): string {
  const [address = "", fragment] = signInPath.split(/(?=#)/);
  const separator = address.includes("?") ? "&" : "?";
  return `${address}${separator}${callbackParam}=${encodeURIComponent(path)}${fragment ?? ""}`;
}
