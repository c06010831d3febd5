/**
 * Addresses as a browser has to ask for them, of paths as `Link`, `redirect` and `usePathname` speak of them.
 *
 * Next compiles these two of its settings into every bundle and reads them so itself. Elsewhere they are not there.
 */

/** The path with Next's `basePath` before it. */
export const withNextBasePath = (path: string): string =>
  `${process.env.__NEXT_ROUTER_BASEPATH ?? ""}${path}`;

/** Also with a slash at its end where `trailingSlash` is set, or Next would redirect every request. For paths without a query. */
export const nextAddress = (path: string): string =>
  `${withNextBasePath(path)}${process.env.__NEXT_TRAILING_SLASH ? "/" : ""}`;
