import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "../postgres/connection/connection.ts";
import type { Operation } from "../shared/api.ts";
import { toBackupError } from "../to-backup-error.ts";
import { recordEnd } from "./notify.ts";
import { type Ending, readOperation } from "./operation-store.ts";
import { endingWithoutWord, readChanged, type SettleContext } from "./settle.ts";

/**
 * Writes the end of a restore. A failure is reported as "nothing has changed", so PostgreSQL is asked whether that is
 * true: the connection may have been lost during the commit.
 */
export async function writeEnd(context: SettleContext, id: string, ending: Ending): Promise<void> {
  const { database } = context;
  if (ending.state === "succeeded") {
    // Also overwrites "interrupted", which another process may have written for lack of a heartbeat. This process knows
    // better.
    await recordEnd(context, id, ["running", "interrupted"], ending);
    return;
  }
  const operation = await readOperation(database, id);
  if (!operation) return;
  const changed = await readChangedAtLast(database, operation.xid);
  const isKnown = changed === "nothing" && toBackupError(ending.error).code !== "INTERRUPTED";
  await recordEnd(context, id, ["running", "ready"], {
    ...(isKnown ? ending : await endingWithoutWord(context, operation, changed)),
    progress: ending.progress,
  });
}

/** Asks repeatedly, because the server may need a moment to notice a lost connection. */
async function readChangedAtLast(
  database: Database,
  xid: string | null,
): Promise<Operation["changed"]> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const changed = await readChanged(database, xid);
    if (changed !== "unknown") return changed;
    await sleep(100);
  }
  return "unknown";
}
