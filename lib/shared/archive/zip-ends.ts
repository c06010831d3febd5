/** Checks the beginning and the end of a file: whether it is a zip, and whether it is complete. */
import { type ArchiveFault, damaged, notABackup, truncated } from "./fault.ts";

const END_RECORD_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const IN_ZIP64 = 0xffffffff;

export const ZIP_HEAD_BYTES = 4;
/** The greatest distance from the end of the file at which a zip's last record can begin. */
export const ZIP_TAIL_BYTES = END_RECORD_BYTES + MAX_COMMENT_BYTES;

/**
 * @param head the file's first ZIP_HEAD_BYTES
 * @param tail its last ZIP_TAIL_BYTES
 * @returns the number of entries that it declares. Null for zip64, which stores it elsewhere.
 * @throws ArchiveFault
 */
export function checkZipEnds(
  head: Uint8Array,
  tail: Uint8Array,
  sizeBytes: number,
): { entryCount: number | null } {
  if (sizeBytes === 0) {
    throw notABackup(
      "This file is empty.",
      "The download probably failed. Choose the zip file of another backup.",
    );
  }
  if (!beginsAsZip(head)) {
    throw notABackup(
      "This is not a backup: it is no zip file.",
      "A backup made here is a .zip file. Choose the file as it was downloaded, or its whole folder if it was unpacked.",
    );
  }
  const view = new DataView(tail.buffer, tail.byteOffset, tail.length);
  const tailStart = sizeBytes - tail.length;
  const record = findEndRecord(view, tailStart);
  const directoryBytes = view.getUint32(record + 12, true);
  const directoryStart = view.getUint32(record + 16, true);
  const entryCount = view.getUint16(record + 10, true);
  const isZip64 =
    entryCount === 0xffff || directoryBytes === IN_ZIP64 || directoryStart === IN_ZIP64;
  if (isZip64) return { entryCount: null };
  if (directoryStart + directoryBytes > tailStart + record) {
    throw truncated("This zip file is incomplete: a part of it is missing.");
  }
  return { entryCount };
}

/** A local header, or the end record of an empty zip. */
const beginsAsZip = ([p, k, third, fourth]: Uint8Array): boolean =>
  p === 0x50 && k === 0x4b && ((third === 3 && fourth === 4) || (third === 5 && fourth === 6));

/** Finds the end-of-central-directory record whose comment ends the file. @throws ArchiveFault */
function findEndRecord(view: DataView, tailStart: number): number {
  let isFollowed = false;
  for (let at = view.byteLength - END_RECORD_BYTES; at >= 0; at -= 1) {
    if (view.getUint32(at, true) !== 0x06054b50) continue;
    const end = at + END_RECORD_BYTES + view.getUint16(at + 20, true);
    if (end === view.byteLength) return at;
    // This zip's record follows its directory. That of a zip inside it does not.
    const directoryEnd = view.getUint32(at + 12, true) + view.getUint32(at + 16, true);
    isFollowed ||= end < view.byteLength && directoryEnd === tailStart + at;
  }
  throw isFollowed
    ? damaged("This zip file is damaged: something was added at its end.")
    : truncated("This zip file is incomplete: its end is missing.");
}

/** Both ends are right, but the directory of the zip is damaged. */
export const zipDamaged = (cause: unknown): ArchiveFault =>
  damaged("This zip file is damaged.", { cause });
