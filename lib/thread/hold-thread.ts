import type { StageKind } from "./stage.ts";
import { StageThread } from "./stage-thread.ts";

/** Beyond this much of JSON a thread is worth the hundredth of a second and the ten megabytes that it takes. */
const WORTH_A_THREAD_BYTES = 8 * 1024 * 1024;

/** One for all backups and restores of this process, while any runs that it is worth it for. */
let starting: Promise<StageThread | null> | null = null;
let running: StageThread | null = null;
let holders = 0;

/**
 * Keeps a thread for stages of these kinds while the work is done, and until the last stage that it opened is closed.
 * Where none can be started, or where it does not do the same as this one, stages run in place.
 *
 * @param jsonBytes what there is to do; for little, no thread is started
 */
export async function withThread<Result>(
  kinds: ReadonlyArray<StageKind<unknown>>,
  jsonBytes: number,
  work: () => Promise<Result>,
): Promise<Result> {
  if (jsonBytes < WORTH_A_THREAD_BYTES) return await work();
  holders++;
  try {
    // Wherever threads are not allowed, nothing else is lost but time.
    starting ??= StageThread.start(endWhenUnused).catch(() => null);
    running = await starting;
    for (const kind of kinds) await running?.prove(kind);
    return await work();
  } finally {
    holders--;
    endWhenUnused();
  }
}

/** The thread that is held, where it has proven that it does stages of this kind as this one does. */
export function threadFor(kind: StageKind<unknown>): StageThread | null {
  return holders > 0 && running?.does(kind) ? running : null;
}

function endWhenUnused(): void {
  if (holders > 0 || (running && !running.isIdle)) return;
  void running?.end();
  running = null;
  starting = null;
}
