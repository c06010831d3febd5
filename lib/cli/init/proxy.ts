import { endOfBracket, maskSource, withoutComments } from "../host/source-text.ts";

/** With one of these words, the proxy may answer, redirect or rewrite, and not only add headers. */
const DECIDES = /\bredirect\b|\brewrite\b|createMiddleware|i18n|withAuth|\bauth\b|\bstatus\s*:/i;

/**
 * Returns what to write into a proxy.ts that may keep people away from the page, or null. The page checks authorization
 * itself, so the proxy need not run for it, but Clerk's has to, or Clerk knows no user.
 */
export function adviseOnProxy(text: string, file: string, mount: string): string | null {
  const matchers = readMatchers(text);
  const pages = [mount, `${mount}/restore`, `${mount}/api/overview`];
  const matching = matchers?.filter((it) => pages.some((page) => isMatch(it, page)));
  if (/\bclerkMiddleware\b/.test(text)) {
    const isWhole = pages.every((page) => matching?.some((it) => isMatch(it, page)) ?? true);
    return isWhole
      ? null
      : `Add this line to the matcher in ${file}, or Clerk does not know who is signed in there: "${mount}/:path*",`;
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

/** Returns the paths that a proxy runs for. Null for all. */
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

/** Approximates Next's path-to-regexp. */
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

/** Returns the same matcher without a path and everything below it. Null if one matcher cannot express that. */
function leaveOut(matcher: string, mount: string): string | null {
  const [, prefix = "", rest = ""] =
    /^(\/(?:[\w.~-]+\/)*)(\(\(\?!.*|\(\.\*\)|:\w+\*)$/.exec(matcher) ?? [];
  if (prefix === "" || !mount.startsWith(prefix)) return null;
  const own = `(?!${mount.slice(prefix.length)}(?:/|$)`;
  if (rest.startsWith("((?!")) return matcher.replace("(?!", `${own}|`);
  // `/admin/:path*` also matches `/admin`.
  return rest.startsWith(":") && prefix !== "/"
    ? `${prefix.slice(0, -1)}((?:/${own}).*)?)`
    : `${prefix}(${own}).*)`;
}

const quote = (text: string): string => JSON.stringify(text);
