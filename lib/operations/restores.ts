import { randomUUID } from "node:crypto";
import { BackupError } from "../errors.ts";
import { beginRestore } from "../restore/run-restore.ts";
import type { Actor, CreateRestore } from "../shared/api.ts";
import { NO_PROGRESS } from "../shared/progress.ts";
import type { Context } from "./context.ts";
import { beginRunning, insertOperation, type StoredOperation } from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { carryOutRestore, findWaitingRestore } from "./restore-operation.ts";
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
  { uploadId, ...unlock }: CreateRestore,
): Promise<StoredOperation> {
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
      progress: { ...NO_PROGRESS, phase: "verifying" },
    });
    void carryOutRestore(context, id, uploadId, archive);
    return operation;
  } catch (error) {
    await archive.close();
    throw error;
  }
}

/**
 * Begins the restore that was checked. Returns when it holds the restore's lock; the rest goes on by itself.
 *
 * @throws OPERATION_NOT_FOUND, FORBIDDEN for another person's, OPERATION_STATE, SCHEMA_DRIFT where the check
 *   forbids it, CONFIRMATION_MISMATCH, OPERATION_IN_PROGRESS
 */
export async function startRestore(
  context: Context,
  actor: Actor,
  id: string,
  confirmation: string,
): Promise<StoredOperation> {
  const { database } = context;
  const operation = await readOwnOperation(context, actor, id, "restore");
  if (operation.state !== "ready") throw notReady();
  if (!operation.plan?.canStart) {
    throw new BackupError(
      "SCHEMA_DRIFT",
      "The check found that this archive cannot be restored here.",
      {
        hint: "Look at the failed checks, and correct what they name.",
      },
    );
  }
  if (confirmation !== (await readDatabaseName(database))) {
    throw new BackupError(
      "CONFIRMATION_MISMATCH",
      "This is not the name of the database. Nothing has been changed.",
      {
        hint: "Type the name of the database exactly as it is shown.",
      },
    );
  }
  const begin = findWaitingRestore(id);
  if (!begin) throw lockedElsewhere(operation);
  const session = await beginRestore(database);
  try {
    const running = await beginRunning(database, id, "ready");
    if (!running || !begin(session)) throw notReady();
    return running;
  } catch (error) {
    await session.end();
    throw error;
  }
}

const notReady = (): BackupError =>
  new BackupError("OPERATION_STATE", "This restore is not waiting to be started.", {
    hint: "It has been started already, or has ended. Look at its page.",
  });

function lockedElsewhere({ request }: StoredOperation): BackupError {
  const uploadId = request.kind === "restore" ? request.uploadId : undefined;
  return new BackupError(
    "OPERATION_STATE",
    "The archive was unlocked in another process of the app, which alone can restore it. Nothing has been changed.",
    {
      hint: "Unlock the archive again. Where several instances of the app run, they need sticky sessions.",
      details: { uploadId },
    },
  );
}
