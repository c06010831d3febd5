import { randomUUID } from "node:crypto";
import { BackupError } from "../errors.ts";
import { resolveScope } from "../plan/restore-scope.ts";
import type { Actor, CreateRestore, PlanRestore, StartRestore } from "../shared/api.ts";
import { NO_PROGRESS } from "../shared/progress.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import type { Context } from "./context.ts";
import { insertOperation, readRehearsalReport, type StoredOperation } from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { notWaiting, requestStepOf } from "./request-step.ts";
import { carryOutRestore } from "./restore-operation.ts";
import { unlockUpload } from "./unlock-upload.ts";
import { requireStartable } from "./wait-for-step.ts";

/**
 * Opens and unlocks an uploaded archive, and begins to check it. The secret is used here and forgotten;
 * the unlocked archive stays in this process's memory. After a wrong passphrase the upload is kept.
 *
 * @throws UPLOAD_NOT_FOUND, OPERATION_STATE for an incomplete upload, WRONG_PASSPHRASE,
 *   NO_MATCHING_IDENTITY, TOO_MANY_ATTEMPTS, FORMAT_UNSUPPORTED, ARCHIVE_INVALID, ARCHIVE_TRUNCATED, REQUEST_INVALID
 *   for a scope that does not fit the archive
 */
export async function createRestore(
  context: Context,
  actor: Actor,
  { uploadId, scope = { mode: "replace" }, rehearse = false, ...unlock }: CreateRestore,
): Promise<StoredOperation> {
  if (uploadId === undefined) {
    throw new BackupError("REQUEST_INVALID", "The request names no upload.", {
      hint: "Give the `uploadId` of a complete upload.",
    });
  }
  const upload = await context.uploads.find(uploadId, actor);
  if (!upload.isComplete) {
    throw new BackupError("OPERATION_STATE", "The upload is not complete yet.", {
      hint: "Wait for its end, or go on with it.",
    });
  }
  const archive = await unlockUpload(context, actor, upload, unlock);
  try {
    // The original's tables are known by their names only once they are matched with the database.
    if (!archive.isOriginal) resolveScope(scope, archive.manifest.tables);
    const id = randomUUID();
    const operation = await insertOperation(context.database, {
      id,
      state: "running",
      actor,
      request: { kind: "restore", uploadId },
      encryption: archive.encryption,
      fileName: upload.fileName,
      progress: { ...NO_PROGRESS, stage: "check", phase: "verifying" },
    });
    const { path, fileName } = upload;
    void carryOutRestore(context, id, { archive, path, fileName, uploadId }, { scope, rehearse });
    return operation;
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/**
 * What the rehearsal of one's own restore has found. Kept while it waits for its start, and no longer, as it shows rows.
 *
 * @throws OPERATION_NOT_FOUND where there is none, FORBIDDEN
 */
export async function readRehearsal(
  context: Context,
  actor: Actor,
  id: string,
): Promise<RehearsalReport> {
  await readOwnOperation(context, actor, id, "restore");
  const report = await readRehearsalReport(context.database, id);
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
  if (confirmation !== (await readDatabaseName(context.database))) {
    throw new BackupError(
      "CONFIRMATION_MISMATCH",
      "This is not the name of the database. Nothing has been changed.",
      {
        hint: "Type the name of the database exactly as it is shown.",
      },
    );
  }
  return requestStepOf(context, id, { kind: "start", acceptDrift, safetyBackup });
}
