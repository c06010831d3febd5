import { randomUUID } from "node:crypto";
import { BackupError } from "../errors.ts";
import { resolveScope } from "../plan/restore-scope.ts";
import {
  type Actor,
  type CreateRestore,
  isOfOriginal,
  type PlanRestore,
  type RestoreScope,
  type StartRestore,
} from "../shared/api.ts";
import { isConfirmedBy } from "../shared/database-name.ts";
import { NO_PROGRESS } from "../shared/progress.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import type { Context } from "./context.ts";
import { findLiveOperation } from "./live-operation.ts";
import { notifyUnlocked } from "./notify.ts";
import { insertOperation, type StoredOperation } from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { requestReport } from "./request-report.ts";
import { notWaiting, requestStepOf } from "./request-step.ts";
import { carryOutRestore } from "./restore-operation.ts";
import { findSafetyBackup, findUpload, type RestoreSource } from "./restore-source.ts";
import { type ArchiveFile, unlockArchive } from "./unlock-archive.ts";
import { requireStartable } from "./wait-for-step.ts";

/**
 * Opens and unlocks an uploaded archive, or the safety backup of a restore, and begins to check it. The secret is used
 * here and forgotten; the unlocked archive stays in this process's memory. After a wrong passphrase the upload is kept.
 *
 * @throws UPLOAD_NOT_FOUND, SAFETY_BACKUP_NOT_FOUND, OPERATION_STATE for an incomplete upload, WRONG_PASSPHRASE,
 *   NO_MATCHING_IDENTITY, TOO_MANY_ATTEMPTS, FORMAT_UNSUPPORTED, ARCHIVE_INVALID, ARCHIVE_TRUNCATED, REQUEST_INVALID
 *   for a scope that does not fit the archive
 */
export async function createRestore(
  context: Context,
  actor: Actor,
  { uploadId, undo, scope, rehearse = false, ...unlock }: CreateRestore,
): Promise<StoredOperation> {
  const file = await findArchive(context, actor, { uploadId, undo });
  const source = { ...file, ...(await unlockArchive(context, actor, file, unlock)) };
  const { archive, fileName, undoes } = source;
  try {
    const first = { scope: scope ?? wholeScope(source), rehearse };
    // The original's tables are known by their names only once they are matched with the database.
    if (!isOfOriginal(archive.manifest)) resolveScope(first.scope, archive.manifest.tables);
    const operation = await insertOperation(context.database, {
      id: randomUUID(),
      state: "running",
      actor,
      request: { kind: "restore", ...(uploadId !== undefined && { uploadId }) },
      encryption: archive.encryption,
      fileName,
      undoes,
      progress: { ...NO_PROGRESS, stage: "check", phase: "verifying" },
    });
    notifyUnlocked(context, operation);
    void carryOutRestore(context, operation, source, first);
    return operation;
  } catch (error) {
    await archive.close();
    throw error;
  }
}

function findArchive(
  context: Context,
  actor: Actor,
  { uploadId, undo }: Pick<CreateRestore, "uploadId" | "undo">,
): Promise<ArchiveFile> {
  if (uploadId !== undefined && undo === undefined) return findUpload(context, actor, uploadId);
  if (uploadId === undefined && undo !== undefined) return findSafetyBackup(context, undo);
  throw new BackupError("REQUEST_INVALID", "The request names no archive, or two.", {
    hint: "Give either the `uploadId` of a complete upload, or the id of a restore to `undo`.",
  });
}

/** A safety backup holds some tables of the database on purpose: those that it does not hold stay. */
const wholeScope = ({ archive, undoes }: RestoreSource): RestoreScope =>
  undoes === null
    ? { mode: "replace" }
    : {
        mode: "replace",
        tables: archive.manifest.tables.map(({ schema, name }) => ({ schema, name })),
      };

/**
 * What the rehearsal of one's own restore has found. Kept while it waits for its start, and no longer, as it shows rows.
 *
 * @throws OPERATION_NOT_FOUND where there is none, FORBIDDEN, OPERATION_STATE where the process that has it does not answer
 */
export async function readRehearsal(
  context: Context,
  actor: Actor,
  id: string,
): Promise<RehearsalReport> {
  const { state, plan } = await readOwnOperation(context, actor, id, "restore");
  const live = findLiveOperation(id);
  const isThere = state === "ready" && plan?.rehearsal;
  const report = isThere ? (live ? live.rehearsal : await requestReport(context, id)) : null;
  if (report) return report;
  throw new BackupError("OPERATION_NOT_FOUND", "This restore has no rehearsal's report.", {
    hint: "Begin it again, with a rehearsal.",
  });
}

/**
 * Plans one's own restore that waits anew, and rehearses it where that is asked for. It waits again when that is done.
 *
 * @returns when it has begun
 * @throws OPERATION_NOT_FOUND, FORBIDDEN for another person's, OPERATION_STATE, REQUEST_INVALID for a scope that does
 *   not fit the archive, INTERRUPTED where the process that holds the archive is gone
 */
export async function planRestoreAgain(
  context: Context,
  actor: Actor,
  id: string,
  { scope, rehearse }: PlanRestore,
): Promise<StoredOperation> {
  const { plan, state } = await readOwnOperation(context, actor, id, "restore");
  if (state !== "ready" || !plan) throw notWaiting();
  resolveScope(scope, plan.manifest.tables);
  return requestStepOf(context, id, { kind: "plan", scope, rehearse });
}

/**
 * Begins the restore that was checked, in whichever process of the app its unlocked archive is. Returns when it holds
 * the restore's lock; the rest goes on by itself.
 *
 * @throws OPERATION_NOT_FOUND, FORBIDDEN for another person's, OPERATION_STATE, SCHEMA_DRIFT where the check
 *   forbids it or has found drift that is not accepted, CONFIRMATION_MISMATCH, SAFETY_BACKUP_FAILED where there is no
 *   room for one, OPERATION_IN_PROGRESS, INTERRUPTED where that process is gone
 */
export async function startRestore(
  context: Context,
  actor: Actor,
  id: string,
  { confirmation, acceptDrift = false, safetyBackup = true }: StartRestore,
): Promise<StoredOperation> {
  const { plan, state } = await readOwnOperation(context, actor, id, "restore");
  if (state !== "ready") throw notWaiting();
  requireStartable(plan, { acceptDrift });
  if (!isConfirmedBy(confirmation, await readDatabaseName(context.database))) {
    throw new BackupError(
      "CONFIRMATION_MISMATCH",
      "This is not the name of the database. Nothing was changed.",
      {
        hint: "Type the name of the database exactly as it is shown.",
      },
    );
  }
  return requestStepOf(context, id, { kind: "start", acceptDrift, safetyBackup });
}
