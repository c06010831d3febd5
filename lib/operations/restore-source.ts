/** What a restore reads: an upload, which is removed afterwards, or another's safety backup, which stays. */
import { archiveFileName } from "../backup/backup-name.ts";
import { BackupError } from "../errors.ts";
import { type Actor, isEnded } from "../shared/api.ts";
import type { Context } from "./context.ts";
import { getOperation, readDatabaseName } from "./operations.ts";
import { toOperation } from "./stored-operation.ts";
import type { ArchiveFile, Unlocked } from "./unlock-archive.ts";

export type RestoreSource = ArchiveFile & Unlocked;

/** @throws UPLOAD_NOT_FOUND, OPERATION_STATE if the upload is incomplete */
export async function findUpload(
  { uploads }: Context,
  actor: Actor,
  uploadId: string,
): Promise<ArchiveFile> {
  const { path, fileName, isComplete } = await uploads.find(uploadId, actor);
  if (isComplete) return { path, fileName, uploadId, undoes: null };
  throw new BackupError("OPERATION_STATE", "The upload is not complete yet.", {
    hint: "Wait for its end, or go on with it.",
  });
}

/** @throws OPERATION_NOT_FOUND, SAFETY_BACKUP_NOT_FOUND */
export async function findSafetyBackup(context: Context, restoreId: string): Promise<ArchiveFile> {
  const { config, database, safetyBackups } = context;
  const operation = await getOperation(context, restoreId);
  const { safetyBackup, state, id } = toOperation(operation, config);
  if (!safetyBackup?.isKept || !isEnded(state)) {
    throw new BackupError(
      "SAFETY_BACKUP_NOT_FOUND",
      "This restore has no safety backup any more.",
      {
        hint: "It was made without one, has changed nothing, newer ones have taken its place, or it was too old. Restore a backup that you have downloaded.",
      },
    );
  }
  if (!(await safetyBackups.exists(id))) {
    throw new BackupError(
      "SAFETY_BACKUP_NOT_FOUND",
      "The safety backup is not in the folder where it was kept.",
      {
        hint: "Someone has removed it, or the app's instances do not share a `safetyBackupDir`. Restore a backup that you have downloaded.",
      },
    );
  }
  const fileName = archiveFileName(
    await readDatabaseName(database),
    new Date(safetyBackup.createdAt),
  );
  return { path: safetyBackups.pathOf(id), fileName, uploadId: null, undoes: id };
}

/** Call it when the restore ends. @param keepsUpload true to keep the upload for another attempt */
export async function releaseSource(
  { uploads }: Context,
  { archive, uploadId }: RestoreSource,
  keepsUpload: boolean,
): Promise<void> {
  await archive.close();
  if (uploadId !== null && !keepsUpload) await uploads.remove(uploadId);
}
