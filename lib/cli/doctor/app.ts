import type { Overview } from "../../shared/api.ts";
import { describeModes } from "../../shared/encryption-policy.ts";
import { formatSome } from "../../shared/format.ts";
import { UsageError } from "../usage.ts";
import { appClient, explain } from "./app-client.ts";
import { checkGuard } from "./app-guard.ts";
import { checkHeaders } from "./app-headers.ts";
import { checkUploads } from "./app-uploads.ts";
import { type Finding, findingsOf } from "./finding.ts";

export interface CheckAppOptions {
  /** The address of the page. If undefined, these checks are left out. */
  address: string | undefined;
  /** The Cookie header of an authorized person. If undefined, nothing is uploaded. */
  cookie: string | undefined;
  /** The name of the database that was checked, or null. */
  database: string | null;
  signal?: AbortSignal;
}

const HOW_TO_UPLOAD =
  "Sign in as an administrator. Copy the Cookie header of a request from the browser's network tools into a file, and give --cookie-file FILE.";

/** Runs the checks that send requests to the running app. */
export async function checkApp({
  address,
  cookie,
  database,
  signal,
}: CheckAppOptions): Promise<Finding[]> {
  const { found, ok, note, warning, problem } = findingsOf("App");
  if (address === undefined) {
    note(
      "APP",
      "Left out: whether the running app refuses strangers, and whether uploads reach it whole.",
      "Start the app and give --app http://localhost:3000/admin/backup",
    );
    return found;
  }
  const url = URL.parse(address);
  if (!url || !/^https?:$/.test(url.protocol)) throw new UsageError("--app is an http(s) address.");
  const ask = appClient(url, signal);
  try {
    const guard = await checkGuard(ask);
    found.push(...guard.findings);
    if (!guard.isThere) return found;
    found.push(...(await checkHeaders(ask, url, cookie)));
    if (cookie === undefined) {
      note("BODIES", "Left out: whether uploads reach the app whole.", HOW_TO_UPLOAD);
      return found;
    }
    const overview = await ask("GET", "overview", { headers: { cookie } });
    if (overview.status !== 200) {
      warning(
        "COOKIE",
        `Left out: whether uploads reach the app whole. With the cookie, it answered: ${explain(overview)}`,
        HOW_TO_UPLOAD,
      );
      return found;
    }
    const {
      database: { name },
      policy,
    } = overview.json as Overview;
    ok(
      "POLICY",
      `The app allows backups ${describeModes(policy)}${policy.recipients.length > 0 ? `, always also for ${formatSome(policy.recipients)}` : ""}.`,
    );
    if (database !== null && name !== database) {
      warning(
        "OTHER_DATABASE",
        `The app works with the database ${name}, and not with ${database}, which this command checked.`,
        "Give --url the app's connection string.",
      );
    }
    found.push(...(await checkUploads(ask, cookie)));
  } catch (error) {
    signal?.throwIfAborted();
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    problem(
      "APP",
      `There is no answer at ${url.origin}: ${cause instanceof Error ? cause.message || cause.name : "unknown reason"}.`,
      "Start the app, and give --app the address of the page.",
    );
  }
  return found;
}
