/** What a restore reads: an upload, which goes with it, or the safety backup of another, which stays. */
import type { Archive } from "../archive/archive-reader.ts";
import { BackupError } from "../errors.ts";
import type { Context } from "./context.ts";

export interface RestoreSource {
  /** Unlocked. */
  archive: Archive;
  /** Where it lies. */
  path: string;
  fileName: string;
  /** Null for a safety backup. */
  uploadId: string | null;
}

/** To be called when the restore ends. @param keepsUpload for another attempt */
export async function releaseSource(
  { uploads }: Context,
  { archive, uploadId }: RestoreSource,
  keepsUpload: boolean,
): Promise<void> {
  await archive.close();
  if (uploadId !== null && !keepsUpload) await uploads.remove(uploadId);
}

/** Says with an error what can be unlocked again, without another upload. */
export const withRetry = (error: BackupError, { uploadId }: RestoreSource): BackupError =>
  new BackupError(error.code, error.message, {
    hint: error.hint,
    details: { ...error.details, uploadId },
    cause: error.cause,
  });
