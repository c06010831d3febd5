/**
 * Remembers who may view the page, for the time in which a restore locks the table of users.
 *
 * `authorize` queries the database for a person's right, so it would wait until the restore ends, and nobody could
 * follow or cancel the restore. The right cannot change while the table is locked, so the last answer of `authorize`
 * still holds. It is used only for `view`, only while a restore is running, and only for requests with exactly the same
 * credentials.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action, Config, Visitor } from "../config.ts";
import type { Context } from "../operations/context.ts";
import { readRestoringMs } from "../operations/operation-store.ts";
import { processWideMap } from "../operations/process-wide.ts";

interface Remembered {
  visitor: Visitor;
  answeredAtMs: number;
  /** `authorize` has been called and does not answer. A second call would only wait as well. */
  isStuck: boolean;
  context: Context;
}

/** How long `authorize` may take to answer while a restore is running. */
const PATIENCE_MS = 2_000;
/** How long before the restore the last answer may have been given. An open page asks more often. */
const BEFORE_RESTORE_MS = 60_000;
const MAX_VISITORS = 1_000;

// Process-wide, because Next bundles the page separately from the route handlers.
const remembered = processWideMap<Remembered>("visitors");

/** Returns what `ask` answers, or its last answer if it waits for a restore. */
export async function settledOrRemembered(
  { basePath }: Pick<Config, "basePath">,
  request: Request,
  action: Action,
  ask: () => Promise<Visitor | null>,
): Promise<Visitor | null> {
  const key = keyOf(basePath, request);
  const last = action === "view" ? remembered.get(key) : undefined;
  if (!last) return ask();
  if (last.isStuck && (await stillHolds(last))) return last.visitor;
  const answer = ask();
  const isLate = Symbol();
  const patience = new AbortController();
  const first = await Promise.race([
    answer,
    sleep(PATIENCE_MS, isLate, { signal: patience.signal }).catch(() => isLate),
  ]).finally(() => patience.abort());
  if (typeof first !== "symbol") {
    if (first?.allowed !== true) remembered.delete(key);
    return first;
  }
  if (!(await stillHolds(last))) return answer;
  last.isStuck = true;
  const unstick = () => {
    last.isStuck = false;
  };
  answer.then(unstick, unstick);
  return last.visitor;
}

/** Call it after `authorize` has allowed the visitor. */
export function rememberVisitor(context: Context, request: Request, visitor: Visitor): void {
  const key = keyOf(context.config.basePath, request);
  const last = remembered.get(key);
  if (last?.isStuck) return;
  // Insert again, so that the newest are last and the oldest are removed first.
  remembered.delete(key);
  remembered.set(key, { visitor, answeredAtMs: performance.now(), isStuck: false, context });
  const oldest = remembered.keys().next().value;
  if (remembered.size > MAX_VISITORS && oldest !== undefined) remembered.delete(oldest);
}

async function stillHolds({ context, answeredAtMs }: Remembered): Promise<boolean> {
  const restoringMs = await readRestoringMs(context.database).catch(() => null);
  if (restoringMs === null) return false;
  return performance.now() - answeredAtMs <= restoringMs + BEFORE_RESTORE_MS;
}

/** Headers that differ between requests of one person and do not identify them. All other headers must be the same. */
const NOT_CREDENTIALS =
  /^(accept|accept-.*|cache-control|connection|content-.*|dnt|if-.*|keep-alive|next-.*|origin|pragma|priority|purpose|referer|rsc|sec-.*|tus-.*|upgrade-insecure-requests|x-forwarded-port)$/;

function keyOf(basePath: string, request: Request): string {
  const credentials = [...request.headers].filter(([name]) => !NOT_CREDENTIALS.test(name));
  return createHash("sha256")
    .update(JSON.stringify([basePath, credentials]))
    .digest("hex");
}
