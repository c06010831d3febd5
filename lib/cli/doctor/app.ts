import type { Overview } from "../../shared/api.ts";
import { describeModes } from "../../shared/encryption-policy.ts";
import { formatSome } from "../../shared/format.ts";
import { SECURITY_HEADERS } from "../../shared/security-headers.ts";
import { headersInNextConfig } from "../host/next-app.ts";
import { UsageError } from "../usage.ts";
import { type AskApp, appClient, explain } from "./app-client.ts";
import { checkGuard } from "./app-guard.ts";
import { checkUploads } from "./app-uploads.ts";
import type { Report } from "./finding.ts";

export interface CheckAppOptions {
  /** The address of the page. If undefined, these checks are left out. */
  address: string | undefined;
  /** The Cookie header of an authorized person. If undefined, nothing is uploaded. */
  cookie: string | undefined;
  database: string | null;
  signal?: AbortSignal;
}

const HOW_TO_UPLOAD =
  "Sign in as an administrator. Copy the Cookie header of a request from the browser's network tools into a file, and give --cookie-file FILE.";

/** Runs the checks that send requests to the running app. */
export async function checkApp(
  report: Report,
  { address, cookie, database, signal }: CheckAppOptions,
): Promise<void> {
  const { ok, note, warning, problem } = report;
  if (address === undefined) {
    note(
      "APP",
      "Left out: whether the running app refuses strangers, and whether uploads reach it whole.",
      "Start the app and give --app http://localhost:3000/admin/backup",
    );
    return;
  }
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError("--app is an http(s) address.");
  const ask = appClient(url, signal);
  try {
    if (!(await checkGuard(report, ask))) return;
    await checkHeaders(report, ask, url, cookie);
    if (cookie === undefined) {
      note("BODIES", "Left out: whether uploads reach the app whole.", HOW_TO_UPLOAD);
      return;
    }
    const overview = await ask("GET", "overview", { headers: { cookie } });
    if (overview.status !== 200) {
      warning(
        "COOKIE",
        `Left out: whether uploads reach the app whole. With the cookie, it answered: ${explain(overview)}`,
        HOW_TO_UPLOAD,
      );
      return;
    }
    const { policy, ...appsOwn } = overview.json as Overview;
    const always =
      policy.recipients.length > 0 ? `, always also for ${formatSome(policy.recipients)}` : "";
    ok("POLICY", `The app allows backups ${describeModes(policy)}${always}.`);
    if (database !== null && appsOwn.database.name !== database) {
      warning(
        "OTHER_DATABASE",
        `The app works with the database ${appsOwn.database.name}, and not with ${database}, which this command checked.`,
        "Give --url the app's connection string.",
      );
    }
    await checkUploads(report, ask, cookie);
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    problem(
      "APP",
      `There is no answer at ${url.origin}: ${cause instanceof Error ? cause.message || cause.name : "unknown reason"}.`,
      "Start the app, and give --app the address of the page.",
    );
  }
}

/** Checks that other sites cannot frame the page. A component cannot set headers, so the app has to do it. */
async function checkHeaders(
  { ok, warning }: Report,
  ask: AskApp,
  page: URL,
  cookie: string | undefined,
): Promise<void> {
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
    return;
  }
  warning(
    "HEADERS",
    `The page is answered without ${missing.join(", ")}${isFramed ? ": another site can put it into a frame, and have an administrator press its buttons" : ""}.`,
    "Add these lines to the Next config, with the path of the page below Next's basePath.",
    [headersInNextConfig(page.pathname.replace(/\/+$/, ""))],
  );
}
