import { endOfBracket, maskSource, withoutComments } from "../host/source-text.ts";

/** It may answer, redirect or rewrite, and not only add headers. */
const DECIDES = /\bredirect\b|\brewrite\b|createMiddleware|i18n|withAuth|\bauth\b|\bstatus\s*:/i;

/**
 * What to write into a proxy.ts that may keep people from the page, or null.
 *
 * The page checks by itself who may, so that the proxy need not run for it. Clerk's has to, else Clerk knows nobody.
 *
 * @param mount as `/admin/backup`
 */
export function adviseOnProxy(text: string, file: string, mount: string): string | null {
  const matchers = readMatchers(text);
  const pages = [mount, `${mount}/restore`, `${mount}/api/overview`];
  const matching = matchers?.filter((it) => pages.some((page) => isMatch(it, page)));
  if (/\bclerkMiddleware\b/.test(text)) {
    const isWhole = pages.every((page) => matching?.some((it) => isMatch(it, page)) ?? true);
    return isWhole
      ? null
      : `Add this line to the matcher in ${file}, or Clerk knows nobody there: "${mount}/:path*",`;
  }
  if (matching?.length === 0 || !DECIDES.test(withoutComments(text))) return null;
  const lines = matching?.map((it) => {
    const without = leaveOut(it, mount);
    return without === null ? null : `${quote(without)} instead of ${quote(it)}`;
  }) ?? [
    `this line at its end: export const config = { matcher: [${quote(leaveOut("/(.*)", mount) ?? "")}] };`,
  ];
  const advice = lines.includes(null)
    ? `this line at the beginning of its function: if (/^${mount.replaceAll("/", "\\/")}(\\/|$)/.test(request.nextUrl.pathname)) return NextResponse.next();`
    : lines.join(", and ");
  return `The page checks by itself who may. If ${file} redirects or rewrites ${mount}, write ${matching && !lines.includes(null) ? "into its matcher " : ""}${advice}`;
}

/** The paths that a proxy runs for; null: all. */
function readMatchers(text: string): string[] | null {
  const code = maskSource(text);
  const at = /\bmatcher\s*:\s*/.exec(code);
  if (!at) return null;
  const begin = at.index + at[0].length;
  const end = code[begin] === "[" ? endOfBracket(code, begin) : code.indexOf("\n", begin);
  const value = withoutComments(text).slice(begin, end === -1 ? undefined : end);
  return [...value.matchAll(/(["'`])(\/(?:\\.|(?!\1).)*)\1/g)].map(([, , path = ""]) =>
    path.replaceAll("\\\\", "\\"),
  );
}

/** As Next's path-to-regexp has it, near enough. */
function isMatch(matcher: string, path: string): boolean {
  const pattern = matcher
    .replaceAll(/\/:\w+\*/g, "(?:/.*)?")
    .replaceAll(/\/:\w+\+/g, "/.+")
    .replaceAll(/\/:\w+\?/g, "(?:/[^/]+)?")
    .replaceAll(/(?<!\?):\w+(?=\()/g, "")
    .replaceAll(/(?<=\/):\w+/g, "[^/]+");
  try {
    return new RegExp(`^${pattern}$`).test(path);
  } catch {
    return true;
  }
}

/** The same matcher, but for a path and all below it; null where that cannot be said in one. */
function leaveOut(matcher: string, mount: string): string | null {
  const [, prefix = "", rest = ""] =
    /^(\/(?:[\w.~-]+\/)*)(\(\(\?!.*|\(\.\*\)|:\w+\*)$/.exec(matcher) ?? [];
  if (prefix === "" || !mount.startsWith(prefix)) return null;
  const own = `(?!${mount.slice(prefix.length)}(?:/|$)`;
  if (rest.startsWith("((?!")) return matcher.replace("(?!", `${own}|`);
  // `/admin/:path*` is `/admin` as well.
  return rest.startsWith(":") && prefix !== "/"
    ? `${prefix.slice(0, -1)}((?:/${own}).*)?)`
    : `${prefix}(${own}).*)`;
}

/** As it is written in a module. */
const quote = (text: string): string => JSON.stringify(text);
