/** Where to go after signing in: a path of this app, or the overview for anything else. */
export function callbackPath(callbackUrl: string | string[] | undefined): string {
  // A second slash or a backslash would make browsers read a host; control characters are dropped.
  const isPath = typeof callbackUrl === "string" && /^\/(?![/\\])[^\\\p{Cc}]*$/u.test(callbackUrl);
  return isPath ? callbackUrl : "/";
}
