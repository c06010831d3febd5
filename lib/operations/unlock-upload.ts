import { type Archive, openArchive } from "../archive/archive-reader.ts";
import { BackupError, toBackupError } from "../errors.ts";
import type { Actor, Unlock } from "../shared/api.ts";
import type { Context } from "./context.ts";
import {
  countUnlockAttempt,
  MAX_ATTEMPTS_PER_UPLOAD,
  type UnlockAttempt,
} from "./unlock-attempts.ts";

/**
 * Opens an upload. It is kept after a wrong passphrase, and removed where no passphrase will ever open it, or
 * after too many.
 *
 * @throws WRONG_PASSPHRASE, NO_MATCHING_IDENTITY, TOO_MANY_ATTEMPTS, FORMAT_UNSUPPORTED, ARCHIVE_INVALID,
 *   ARCHIVE_TRUNCATED
 */
export async function unlockUpload(
  { database, uploads }: Context,
  actor: Actor,
  upload: { id: string; path: string },
  unlock: Unlock,
): Promise<Archive> {
  let archive: Archive | undefined;
  let attempt: UnlockAttempt | undefined;
  try {
    archive = await openArchive(upload.path);
    if (archive.encryption !== "none" && (unlock.passphrase || unlock.identity)) {
      attempt = await countUnlockAttempt(database, { uploadId: upload.id, personId: actor.id });
    }
    await archive.unlock(unlock);
    await attempt?.takeBack();
    return archive;
  } catch (thrown) {
    await archive?.close();
    const error = toBackupError(thrown);
    if (error.code === "WRONG_PASSPHRASE" || error.code === "NO_MATCHING_IDENTITY") {
      if (!attempt?.isLastOfUpload) throw error;
      await uploads.remove(upload.id);
      throw removedAfter(error);
    }
    if (error.code === "TOO_MANY_ATTEMPTS") throw error;
    if (error.status < 500) await uploads.remove(upload.id);
    await attempt?.takeBack();
    throw error;
  }
}

const removedAfter = ({ code, message }: BackupError): BackupError =>
  new BackupError(
    code,
    `${message} The upload has been removed after ${MAX_ATTEMPTS_PER_UPLOAD} attempts.`,
    { hint: "Find the right passphrase or identity, then upload the archive again." },
  );
