import { randomUUID } from "node:crypto";
import { BackupError } from "../errors.ts";
import type { Actor, CreateRestore } from "../shared/api.ts";
import { NO_PROGRESS } from "../shared/progress.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import type { Context } from "./context.ts";
import { insertOperation, readRehearsalReport, type StoredOperation } from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { requestStartOf } from "./request-start.ts";
import { carryOutRestore, notWaiting } from "./restore-operation.ts";
import { unlockUpload } from "./unlock-upload.ts";

/**
 * Opens and unlocks an uploaded archive, and begins to check it. The secret is used here and forgotten;
 * the unlocked archive stays in this process's memory. After a wrong passphrase the upload is kept.
 *
 * @throws UPLOAD_NOT_FOUND, OPERATION_STATE for an incomplete upload, WRONG_PASSPHRASE,
 *   NO_MATCHING_IDENTITY, TOO_MANY_ATTEMPTS, FORMAT_UNSUPPORTED, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function createRestore(
  context: Context,
  actor: Actor,
  { uploadId, rehearse = false, ...unlock }: CreateRestore,
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
    void carryOutRestore(context, id, uploadId, archive, rehearse);
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
 * Begins the restore that was checked, in whichever process of the app its unlocked archive is. Returns when it holds
 * the restore's lock; the rest goes on by itself.
 *
 * @throws OPERATION_NOT_FOUND, FORBIDDEN for another person's, OPERATION_STATE, SCHEMA_DRIFT where the check
 *   forbids it, CONFIRMATION_MISMATCH, OPERATION_IN_PROGRESS, INTERRUPTED where that process is gone
 */
export async function startRestore(
  context: Context,
  actor: Actor,
  id: string,
  confirmation: string,
): Promise<StoredOperation> {
  const operation = await readOwnOperation(context, actor, id, "restore");
  if (operation.state !== "ready") throw notWaiting();
  if (!operation.plan?.canStart) {
    throw new BackupError(
      "SCHEMA_DRIFT",
      "The check found that this archive cannot be restored here.",
      {
        hint: "Look at the failed checks, and correct what they name.",
      },
    );
  }
  if (confirmation !== (await readDatabaseName(context.database))) {
    throw new BackupError(
      "CONFIRMATION_MISMATCH",
      "This is not the name of the database. Nothing has been changed.",
      {
        hint: "Type the name of the database exactly as it is shown.",
      },
    );
  }
  return requestStartOf(context, id);
}
