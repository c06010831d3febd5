import { createRequire } from "node:module";
import { expect, test } from "vitest";
import { adviseOnProxy } from "./proxy.ts";

// Matches a path as Next itself does.
const { pathToRegexp } = createRequire(import.meta.url)("next/dist/compiled/path-to-regexp") as {
  pathToRegexp(path: string, keys: unknown[], options: object): RegExp;
};
const isMatch = (matcher: string, path: string) =>
  pathToRegexp(matcher, [], { delimiter: "/", sensitive: false, strict: true }).test(path);

const intl = (matcher: string) =>
  `import createMiddleware from "next-intl/middleware";\nexport default createMiddleware(routing);\nexport const config = {\n  // Not: "/old/((?!x).*)"\n  matcher: ${matcher},\n};\n`;

const PATHS = [
  ...["/de", "/de/about", "/admin", "/admin/users", "/admin/backups", "/administer"],
  ...["/api/x", "/a/b.png", "/admin/backup", "/admin/backup/restore", "/admin/backup/api/x"],
];
const isPage = (path: string) => /^\/admin\/backup(\/|$)/.test(path);

test.for([
  [String.raw`"/((?!api|trpc|_next|_vercel|.*\\..*).*)"`, "next-intl"],
  [`['/((?!api|_next/static|favicon.ico).*)']`, "Next's own example"],
  [`["/:path*"]`, "all"],
  [`["/(.*)"]`, "all, by a pattern"],
  [`["/admin/:path*"]`, "a folder"],
  [`["/admin/((?!login).*)", "/de/:path*"]`, "a folder but for one page"],
  [
    `[{ source: "/((?!api).*)", missing: [{ type: "header", key: "purpose" }] }]`,
    "with a condition",
  ],
])("%s: another matcher leaves out the page, and nothing else", ([matcher = ""]) => {
  const advice = adviseOnProxy(intl(matcher), "proxy.ts", "/admin/backup");
  expect(advice).toMatch(/^The page checks by itself who may\. If proxy\.ts redirects or rewrites/);
  const [, after = "", before = ""] =
    /write into its matcher (".*?") instead of (".*?")$/.exec(advice ?? "") ?? [];
  const [written, given] = [JSON.parse(after), JSON.parse(before)];
  // Next handles the root specially, unlike path-to-regexp. The new matcher must still match it.
  if (isMatch(given, "/")) expect(isMatch(written, "/")).toBe(true);
  for (const path of PATHS)
    expect(isMatch(written, path), path).toBe(isMatch(given, path) && !isPage(path));
});

test("several matchers: each that the page is in", () => {
  const text = intl(`["/((?!_next).*)", "/admin/:path*", "/de"]`);
  expect(adviseOnProxy(text, "src/proxy.ts", "/admin/backup")).toBe(
    `The page checks by itself who may. If src/proxy.ts redirects or rewrites /admin/backup, write into its matcher "/((?!admin/backup(?:/|$)|_next).*)" instead of "/((?!_next).*)", and "/admin((?:/(?!backup(?:/|$)).*)?)" instead of "/admin/:path*"`,
  );
});

test("without a matcher, the line that makes one", () => {
  const text =
    "export default auth((request) => NextResponse.redirect(new URL('/login', request.url)));";
  expect(adviseOnProxy(text, "proxy.ts", "/internal/db")).toMatch(
    /write this line at its end: export const config = \{ matcher: \["\/\(\(\?!internal\/db\(\?:\/\|\$\)\)\.\*\)"\] \};$/,
  );
});

test("a matcher that cannot be written otherwise: a line in the function", () => {
  expect(adviseOnProxy(intl(`["/:section/((?!x).*)"]`), "proxy.ts", "/admin/backup")).toMatch(
    /write this line at the beginning of its function: if \(\/\^\\\/admin\\\/backup\(\\\/\|\$\)\/\.test\(request\.nextUrl\.pathname\)\) return NextResponse\.next\(\);$/,
  );
});

test.for([
  [intl(`["/", "/(de|en)/:path*"]`), "it does not run for the page"],
  [intl(`["/admin/users/:path*"]`), "nor here"],
  ["export default () => NextResponse.next({ headers });", "it only adds headers"],
  [
    String.raw`export default clerkMiddleware(); export const config = { matcher: ["/((?!_next|[^?]*\\.(?:html?|css|js(?!on))).*)", "/(api|trpc)(.*)"] };`,
    "Clerk's own example",
  ],
  ["export default clerkMiddleware();", "Clerk everywhere"],
])("nothing to write, since %s", ([text = ""]) => {
  expect(adviseOnProxy(text, "proxy.ts", "/admin/backup")).toBeNull();
});

test("Clerk has to run for the page", () => {
  const text = `export default clerkMiddleware();\nexport const config = { matcher: ["/dashboard/:path*"] };`;
  expect(adviseOnProxy(text, "proxy.ts", "/admin/backup")).toBe(
    `Add this line to the matcher in proxy.ts, or Clerk does not know who is signed in there: "/admin/backup/:path*",`,
  );
});
