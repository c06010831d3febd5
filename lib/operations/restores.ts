import { randomUUID } from "node:crypto";
import { BackupError } from "../errors.ts";
import { resolveScope } from "../plan/restore-scope.ts";
import {
  type Actor,
  type CreateRestore,
  isEnded,
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
import { insertOperation } from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { requestReport } from "./request-report.ts";
import { notWaiting, planChanged, requestStepOf } from "./request-step.ts";
import { carryOutRestore } from "./restore-operation.ts";
import { findSafetyBackup, findUpload, type RestoreSource } from "./restore-source.ts";
import type { StoredOperation } from "./stored-operation.ts";
import { type ArchiveFile, unlockArchive } from "./unlock-archive.ts";
import { requireStartable } from "./wait-for-step.ts";

/**
 * Opens and unlocks an uploaded archive, or the safety backup of a restore, and begins to check it. The passphrase or
 * private key is used here and not kept. The unlocked archive stays in this process's memory. After a wrong passphrase
 * the upload is kept.
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
    // The names of the original's tables are only known after they are matched with the database.
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
  throw new BackupError("REQUEST_INVALID", "The request names no backup, or two.", {
    hint: "Give either the `uploadId` of a complete upload, or the id of a restore to `undo`.",
  });
}

/** A safety backup deliberately contains only some tables of the database. Tables that it does not contain stay. */
const wholeScope = ({ archive, undoes }: RestoreSource): RestoreScope =>
  undoes === null
    ? { mode: "replace" }
    : {
        mode: "replace",
        tables: archive.manifest.tables.map(({ schema, name }) => ({ schema, name })),
      };

/**
 * Returns the report of one's own trial run, only while the restore waits, because it contains rows.
 * @throws OPERATION_NOT_FOUND if there is none, FORBIDDEN, OPERATION_STATE if the process that has it does not answer
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
  throw new BackupError("OPERATION_NOT_FOUND", "This restore has no report of a trial run.", {
    hint: "Start it again, with a trial run.",
  });
}

/**
 * Plans one's own restore again, with a trial run if requested. Afterwards the restore waits again. A trial run that
 * goes on is ended.
 *
 * @returns when planning has begun
 * @throws OPERATION_NOT_FOUND, FORBIDDEN if it is another person's, OPERATION_STATE, REQUEST_INVALID for a scope that
 *   does not fit the archive, INTERRUPTED if the process that holds the archive is gone
 */
export async function planRestoreAgain(
  context: Context,
  actor: Actor,
  id: string,
  { scope, rehearse }: PlanRestore,
): Promise<StoredOperation> {
  const { plan, state } = await readOwnOperation(context, actor, id, "restore");
  if (isEnded(state) || !plan) throw notWaiting();
  resolveScope(scope, plan.manifest.tables);
  return requestStepOf(context, id, { kind: "plan", scope, rehearse });
}

/**
 * Begins the checked restore, whichever process of the app has its unlocked archive. A trial run that goes on is ended.
 * Returns when that process holds the restore's lock. The restore then goes on by itself.
 *
 * @throws OPERATION_NOT_FOUND, FORBIDDEN if it is another person's, OPERATION_STATE, SCHEMA_DRIFT if the check forbids
 *   the restore or found differences that were not accepted, CONFIRMATION_MISMATCH, SAFETY_BACKUP_FAILED if there is no
 *   room for one, OPERATION_IN_PROGRESS, INTERRUPTED if that process is gone
 */
export async function startRestore(
  context: Context,
  actor: Actor,
  id: string,
  { confirmation, planId, acceptDrift = false, safetyBackup = true }: StartRestore,
): Promise<StoredOperation> {
  const { plan, state } = await readOwnOperation(context, actor, id, "restore");
  if (isEnded(state) || !plan) throw notWaiting();
  if (planId !== undefined && planId !== plan.id) throw planChanged();
  requireStartable(plan, { acceptDrift });
  if (!isConfirmedBy(confirmation, await readDatabaseName(context.database))) {
    throw new BackupError(
      "CONFIRMATION_MISMATCH",
      "This is not the name of the database. Nothing was changed.",
      { hint: "Type the name of the database exactly as it is shown." },
    );
  }
  return requestStepOf(context, id, {
    kind: "start",
    planId: plan.id,
    acceptDrift,
    safetyBackup,
  });
}
