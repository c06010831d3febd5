import { SECURITY_HEADERS } from "../../shared/security-headers.ts";
import { headersInNextConfig } from "../host/next-headers.ts";
import type { AskApp } from "./app-client.ts";
import { type Finding, findingsOf } from "./finding.ts";

/** Checks that other sites cannot frame the page. A component cannot set headers, so the app has to do it. */
export async function checkHeaders(
  ask: AskApp,
  page: URL,
  cookie: string | undefined,
): Promise<Finding[]> {
  const { found, ok, warning } = findingsOf("App");
  const { headers } = await ask("GET", null, {
    headers: { accept: "text/html", ...(cookie === undefined ? {} : { cookie }) },
  });
  const framing = /(?:^|[;,\s])frame-ancestors\s/i;
  const isFramed =
    !framing.test(headers.get("content-security-policy") ?? "") &&
    !/^(deny|sameorigin)\b/i.test(headers.get("x-frame-options") ?? "");
  const missing = SECURITY_HEADERS.filter(({ key }) =>
    key === "X-Frame-Options"
      ? isFramed
      : key === "Referrer-Policy"
        ? !headers.has(key)
        : !/\bnosniff\b/i.test(headers.get(key) ?? ""),
  ).map(({ key }) => key);
  if (missing.length === 0) {
    ok("HEADERS", "The page tells browsers not to show it in another site's frame.");
    return found;
  }
  warning(
    "HEADERS",
    `The page is answered without ${missing.join(", ")}${isFramed ? ": another site can put it into a frame, and have an administrator press its buttons" : ""}.`,
    "Add these lines to the Next config, with the path of the page below Next's basePath.",
    [headersInNextConfig(page.pathname.replace(/\/+$/, ""))],
  );
  return found;
}
