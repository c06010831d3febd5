import type { Archive } from "../archive/archive.ts";
import { openArchive } from "../archive/archive-reader.ts";
import { type ArchiveKey, createArchiveKey } from "../archive/encryption.ts";
import { BackupError } from "../errors.ts";
import type { Actor, Unlock } from "../shared/api.ts";
import { toBackupError } from "../to-backup-error.ts";
import type { Context } from "./context.ts";
import {
  countUnlockAttempt,
  MAX_ATTEMPTS_PER_UPLOAD,
  type UnlockAttempt,
} from "./unlock-attempts.ts";

export interface ArchiveFile {
  path: string;
  fileName: string;
  /** Null for a safety backup. */
  uploadId: string | null;
  /** The restore that this safety backup undoes. Null for an upload. */
  undoes: string | null;
}

export interface Unlocked {
  archive: Archive;
  /** The key for the safety backup, so that it opens with the same passphrase or private key. */
  key: ArchiveKey;
}

/**
 * An upload is kept after a wrong passphrase. It is removed if none can ever open it, or after too many attempts.
 * @throws WRONG_PASSPHRASE, NO_MATCHING_IDENTITY, TOO_MANY_ATTEMPTS, FORMAT_UNSUPPORTED, ARCHIVE_INVALID,
 * ARCHIVE_TRUNCATED
 */
export async function unlockArchive(
  { database, uploads }: Context,
  actor: Actor,
  { path, uploadId }: ArchiveFile,
  unlock: Unlock,
): Promise<Unlocked> {
  let archive: Archive | undefined;
  let attempt: UnlockAttempt | undefined;
  const removeUpload = async () => {
    if (uploadId !== null) await uploads.remove(uploadId, { reason: "refused", actor });
  };
  try {
    archive = await openArchive(path);
    if (archive.encryption !== "none" && (unlock.passphrase || unlock.identity)) {
      attempt = await countUnlockAttempt(database, { uploadId, personId: actor.id });
    }
    await archive.unlock(unlock);
    await attempt?.takeBack();
    const { passphrase = "" } = unlock;
    const key =
      (await archive.keyForAnother()) ??
      (await createArchiveKey({ mode: "passphrase", passphrase }));
    return { archive, key };
  } catch (thrown) {
    await archive?.close();
    const error = toBackupError(thrown);
    if (error.code === "WRONG_PASSPHRASE" || error.code === "NO_MATCHING_IDENTITY") {
      if (!attempt?.isLastOfUpload) throw error;
      await removeUpload();
      throw removedAfter(error);
    }
    if (error.code === "TOO_MANY_ATTEMPTS") throw error;
    if (error.status < 500) await removeUpload();
    await attempt?.takeBack();
    throw error;
  }
}

const removedAfter = ({ code, message }: BackupError): BackupError =>
  new BackupError(
    code,
    `${message} The upload has been removed after ${MAX_ATTEMPTS_PER_UPLOAD} attempts.`,
    { hint: "Find the right passphrase or private key, then upload the backup again." },
  );
