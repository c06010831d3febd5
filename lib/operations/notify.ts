import type { BackupAdminEvent } from "../events.ts";
import type { RestorePlan } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import type { Context } from "./context.ts";
import { logError } from "./log-error.ts";
import { type Ending, endOperation } from "./operation-store.ts";
import type { StoredOperation } from "./stored-operation.ts";

/** Tells the host app what has been recorded. Returns at once and never throws. */
export function notify({ config }: Pick<Context, "config">, event: BackupAdminEvent): void {
  const { onEvent } = config;
  if (!onEvent) return;
  const call = async () => void (await onEvent(event));
  setImmediate(
    () => void call().catch((error: unknown) => logError(config, `onEvent ${event.type}`, error)),
  );
}

/**
 * Ends an operation that is in one of the states `from`, and notifies the host. Only the caller that records the end
 * notifies, so the host is told once. If a restore's outcome is unknown, the host is told when it is known.
 */
export async function recordEnd(
  context: Pick<Context, "config" | "database">,
  id: string,
  from: StoredOperation["state"][],
  ending: Ending,
): Promise<StoredOperation | null> {
  const operation = await endOperation(context.database, id, from, ending);
  if (operation && operation.changed !== "unknown") notify(context, endEvent(operation, ending));
  return operation;
}

/** What all events of an operation say. */
const subjectOf = ({
  id,
  actor,
  fileName,
}: Pick<StoredOperation, "id" | "actor" | "fileName">) => ({ actor, operationId: id, fileName });

function endEvent(operation: StoredOperation, { state }: Ending): BackupAdminEvent {
  const { kind, undoes, result, archive, encryption, safetyBackup, cancelledBy } = operation;
  const about = { at: operation.endedAt ?? operation.now, ...subjectOf(operation) };
  const counts = { tables: result?.tables.length ?? 0, rows: result?.rows ?? 0 };
  if (state !== "succeeded") {
    const errorCode = (operation.error?.code ?? "INTERNAL") as ErrorCode;
    const why = { ...about, errorCode, cancelledBy };
    return kind === "restore"
      ? { type: `restore.${state}`, undoes, ...why }
      : { type: `backup.${state}`, ...why };
  }
  if (kind === "restore") {
    const canBeUndone = safetyBackup?.isKept ?? false;
    return { type: "restore.succeeded", ...about, undoes, ...counts, canBeUndone };
  }
  const file = { sizeBytes: archive?.sizeBytes ?? 0, encryption: encryption ?? "none" };
  return { type: "backup.downloaded", ...about, ...counts, ...file };
}

/** A person who unlocked a backup can see its rows, even if nothing is restored. */
export function notifyUnlocked(context: Pick<Context, "config">, operation: StoredOperation): void {
  const { createdAt: at, undoes } = operation;
  notify(context, { type: "restore.unlocked", at, ...subjectOf(operation), undoes });
}

export function notifyStart(
  context: Pick<Context, "config">,
  operation: Pick<StoredOperation, "id" | "actor" | "fileName" | "undoes">,
  plan: RestorePlan,
  safetyBackup: boolean,
): void {
  const changing = plan.tables.filter(({ action }) => action !== "skip");
  notify(context, {
    type: "restore.started",
    at: new Date().toISOString(),
    ...subjectOf(operation),
    undoes: operation.undoes,
    tables: changing.length,
    rows: changing.reduce((sum, { rows }) => sum + rows, 0),
    mode: plan.scope.mode,
    safetyBackup,
  });
}
