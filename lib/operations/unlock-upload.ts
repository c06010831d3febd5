import { type Archive, openArchive } from "../archive/archive-reader.ts";
import { BackupError, toBackupError } from "../errors.ts";
import type { Unlock } from "../shared/api.ts";
import type { Context } from "./context.ts";
import { processWideMap } from "./process-wide.ts";

/** Wrong passphrases for one upload, until it is removed. */
const MAX_ATTEMPTS = 10;

const attempts = processWideMap<number>("unlock-attempts");

/**
 * Opens an upload. It is kept after a wrong passphrase, and removed where no passphrase will ever open it.
 *
 * @throws WRONG_PASSPHRASE, NO_MATCHING_IDENTITY, FORMAT_UNSUPPORTED, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function unlockUpload(
  { uploads }: Context,
  upload: { id: string; path: string },
  unlock: Unlock,
): Promise<Archive> {
  let archive: Archive | undefined;
  try {
    archive = await openArchive(upload.path);
    await archive.unlock(unlock);
    attempts.delete(upload.id);
    return archive;
  } catch (thrown) {
    await archive?.close();
    const error = toBackupError(thrown);
    if (error.code === "WRONG_PASSPHRASE" || error.code === "NO_MATCHING_IDENTITY") {
      const isAttempt = Boolean(unlock.passphrase || unlock.identity);
      if (!isAttempt || countAttempt(upload.id) < MAX_ATTEMPTS) throw error;
      await uploads.remove(upload.id);
      throw tooManyAttempts(error);
    }
    if (error.status < 500) await uploads.remove(upload.id);
    throw error;
  }
}

function countAttempt(uploadId: string): number {
  const count = (attempts.get(uploadId) ?? 0) + 1;
  if (count < MAX_ATTEMPTS) attempts.set(uploadId, count);
  else attempts.delete(uploadId);
  return count;
}

const tooManyAttempts = ({ code, message }: BackupError): BackupError =>
  new BackupError(code, `${message} The upload has been removed after ${MAX_ATTEMPTS} attempts.`, {
    hint: "Find the right passphrase or identity, then upload the archive again.",
  });
