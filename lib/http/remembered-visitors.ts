/**
 * Who may view the page while a restore has the table of users locked.
 *
 * `authorize` asks the database for a person's right, and would wait for the restore's end: nobody could follow or cancel
 * it. Nobody can change such a right meanwhile either, so what `authorize` said just before still holds. That counts
 * only for `view`, only while a restore is at work, and only for whoever sends the very same credentials.
 */
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Action, Config, Visitor } from "../config.ts";
import type { Context } from "../operations/context.ts";
import { processWideMap } from "../operations/process-wide.ts";
import { readRestoringMs } from "../operations/restoring.ts";

interface Remembered {
  visitor: Visitor;
  answeredAtMs: number;
  /** `authorize` was asked and does not answer. Asking it again would only wait as well. */
  isStuck: boolean;
  context: Context;
}

/** So long `authorize` has time to answer, while a restore is at work. */
const PATIENCE_MS = 2_000;
/** So long before the restore the last answer may be: an open page asks more often. */
const BEFORE_RESTORE_MS = 60_000;
const MAX_VISITORS = 1_000;

// Next bundles the page apart from the route handlers.
const remembered = processWideMap<Remembered>("visitors");

/** What `ask` answers, or what it answered last where it waits for a restore. */
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

/** After `authorize` has said yes. */
export function rememberVisitor(context: Context, request: Request, visitor: Visitor): void {
  const key = keyOf(context.config.basePath, request);
  const last = remembered.get(key);
  if (last?.isStuck) return;
  // The newest are last, so that the oldest go first.
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

/** Differ between requests of one person, and say nothing of who it is. All others have to be the same. */
const NOT_CREDENTIALS =
  /^(accept|accept-.*|cache-control|connection|content-.*|dnt|if-.*|keep-alive|next-.*|origin|pragma|priority|purpose|referer|rsc|sec-.*|tus-.*|upgrade-insecure-requests|x-forwarded-port)$/;

function keyOf(basePath: string, request: Request): string {
  const credentials = [...request.headers].filter(([name]) => !NOT_CREDENTIALS.test(name));
  return createHash("sha256")
    .update(JSON.stringify([basePath, credentials]))
    .digest("hex");
}
