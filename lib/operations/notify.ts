import type { BackupAdminEvent } from "../events.ts";
import type { RestorePlan } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import type { Context } from "./context.ts";
import { logError } from "./log-error.ts";
import { type Ending, endOperation, type StoredOperation } from "./operation-store.ts";

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

function endEvent(operation: StoredOperation, { state }: Ending): BackupAdminEvent {
  const { id, kind, actor, fileName, undoes, result, archive, encryption, safetyBackup } =
    operation;
  const { cancelledBy } = operation;
  const about = { at: operation.endedAt ?? operation.now, actor, operationId: id, fileName };
  const errorCode = (operation.error?.code ?? "INTERNAL") as ErrorCode;
  const counts = { tables: result?.tables.length ?? 0, rows: result?.rows ?? 0 };
  if (kind === "restore") {
    return state === "succeeded"
      ? {
          type: "restore.succeeded",
          ...about,
          undoes,
          ...counts,
          canBeUndone: safetyBackup?.isKept ?? false,
        }
      : { type: `restore.${state}`, ...about, undoes, errorCode, cancelledBy };
  }
  if (state !== "succeeded") return { type: `backup.${state}`, ...about, errorCode, cancelledBy };
  const sizeBytes = archive?.sizeBytes ?? 0;
  return {
    type: "backup.downloaded",
    ...about,
    ...counts,
    sizeBytes,
    encryption: encryption ?? "none",
  };
}

/** A person who unlocked a backup can see its rows, even if nothing is restored. */
export function notifyUnlocked(
  context: Pick<Context, "config">,
  { id, actor, fileName, undoes, createdAt }: StoredOperation,
): void {
  notify(context, {
    type: "restore.unlocked",
    at: createdAt,
    ...{ actor, operationId: id, fileName, undoes },
  });
}

export function notifyStart(
  context: Pick<Context, "config">,
  { id, actor, fileName, undoes }: Pick<StoredOperation, "id" | "actor" | "fileName" | "undoes">,
  plan: RestorePlan,
  safetyBackup: boolean,
): void {
  const changing = plan.tables.filter(({ action }) => action !== "skip");
  notify(context, {
    type: "restore.started",
    at: new Date().toISOString(),
    ...{ actor, operationId: id, fileName, undoes },
    tables: changing.length,
    rows: changing.reduce((sum, { rows }) => sum + rows, 0),
    mode: plan.scope.mode,
    safetyBackup,
  });
}
