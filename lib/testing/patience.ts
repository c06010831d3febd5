import { setTimeout as sleep } from "node:timers/promises";

/** Limits end what makes no progress, however slow the machine is. No test expects anything to be fast. */
export const PATIENCE_MS = 10 * 60_000;

/** Limit for one step on a page. Ten minutes for each that fails would be longer than the whole suite may take. */
export const PAGE_PATIENCE_MS = 2 * 60_000;

/** Limit for a whole test or hook. */
export const TEST_LIMIT_MS = 3 * PATIENCE_MS;

/** Waits until a condition holds. @returns what `find` found @throws Error that says what it waited for */
export async function until<Value>(
  what: string,
  find: () => Promise<Value>,
): Promise<NonNullable<Value>> {
  const deadline = performance.now() + PATIENCE_MS;
  for (;;) {
    const found = await find();
    if (found) return found;
    if (performance.now() > deadline) throw new Error(`waited in vain until ${what}`);
    await sleep(20);
  }
}
