/** How much disk space uploads take: the announced and the stored bytes of all instances that share the folder. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { BackupError } from "../../errors.ts";
import { formatBytes } from "../../shared/format.ts";
import { MIN_COUNTED_UPLOAD_BYTES, UPLOAD_SPARE_BYTES } from "../../shared/limits.ts";
import { readFreeBytes } from "../private-directory.ts";

export interface UploadLimits {
  maxUploadBytesPerPerson: number;
  maxUploadBytesTotal: number;
}

/** By default, one person may store two uploads of the largest size, and all people together four. */
export function uploadLimits({
  maxUploadBytes,
  maxUploadBytesPerPerson = 2 * counted(maxUploadBytes),
  maxUploadBytesTotal = 4 * counted(maxUploadBytes),
}: { maxUploadBytes: number } & {
  [Name in keyof UploadLimits]?: number | undefined;
}): UploadLimits {
  return { maxUploadBytesPerPerson, maxUploadBytesTotal };
}

interface StoredUploadSize {
  id: string;
  owner: string | null;
  countedBytes: number;
  /** Bytes that were announced and have not arrived yet. */
  missingBytes: number;
}

/** Call it when the upload is on the disk with its size: the later of two then sees both. @throws ARCHIVE_TOO_LARGE */
export async function requireUploadRoom(
  directory: string,
  created: { id: string; sizeBytes: number; owner: string | null },
  limits: UploadLimits,
  isCounted: (id: string) => Promise<boolean>,
): Promise<void> {
  const uploads = await readSizes(directory, isCounted);
  const { maxUploadBytesPerPerson, maxUploadBytesTotal } = limits;
  const { sizeBytes } = created;
  const others = uploads.filter(({ id }) => id !== created.id);
  const own = others.filter(({ owner }) => owner === created.owner);
  for (const { used, max, option, whose } of [
    {
      used: sum(own),
      max: maxUploadBytesPerPerson,
      option: "maxUploadBytesPerPerson",
      whose: "Your uploads",
    },
    {
      used: sum(others),
      max: maxUploadBytesTotal,
      option: "maxUploadBytesTotal",
      whose: "All uploads",
    },
  ]) {
    if (used + counted(sizeBytes) <= max) continue;
    throw new BackupError(
      "ARCHIVE_TOO_LARGE",
      `${whose} on this server would be larger than is allowed: ${formatBytes(used)} are there or announced, this one has ${formatBytes(sizeBytes)}, and ${formatBytes(max)} are allowed together. Nothing was uploaded.`,
      {
        hint: `Restore or remove those that wait, or wait until they are removed by themselves. Or raise \`${option}\` in the options of createBackupAdmin, or restore from a terminal.`,
        details: { sizeBytes, usedBytes: used, [option]: max },
      },
    );
  }
  const missingBytes = uploads.reduce((total, upload) => total + upload.missingBytes, 0);
  const freeBytes = await readFreeBytes(directory);
  if (missingBytes + UPLOAD_SPARE_BYTES <= freeBytes) return;
  throw new BackupError(
    "ARCHIVE_TOO_LARGE",
    "The server has not enough room on its disk for this backup.",
    {
      hint: "Make room in the server's folder for uploads, or restore from a terminal.",
      details: { sizeBytes, freeBytes },
    },
  );
}

const counted = (bytes: number): number => Math.max(bytes, MIN_COUNTED_UPLOAD_BYTES);
const sum = (uploads: StoredUploadSize[]): number =>
  uploads.reduce((total, { countedBytes }) => total + countedBytes, 0);

async function readSizes(
  directory: string,
  isCounted: (id: string) => Promise<boolean>,
): Promise<StoredUploadSize[]> {
  const names = await readdir(directory);
  const ids = new Set(names.flatMap((name) => /^([0-9a-f]{32})(?:\.json)?$/.exec(name)?.[1] ?? []));
  const sizes: StoredUploadSize[] = [];
  for (const id of ids) {
    if (!(await isCounted(id))) continue;
    const file = path.join(directory, id);
    const here = (await stat(file).catch(() => null))?.size ?? 0;
    const { size, owner } = await readAnnounced(`${file}.json`);
    const missingBytes = Math.max(0, size - here);
    sizes.push({ id, owner, countedBytes: counted(Math.max(size, here)), missingBytes });
  }
  return sizes;
}

/** Nothing is known about an upload that is being created or removed at this moment. */
async function readAnnounced(file: string): Promise<{ size: number; owner: string | null }> {
  try {
    const { size, metadata } = JSON.parse(await readFile(file, "utf8"));
    return { size: Number(size) || 0, owner: metadata?.owner ?? null };
  } catch {
    return { size: 0, owner: null };
  }
}
