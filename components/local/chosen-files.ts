import { isSystemFile, wrappingFolder } from "../../lib/shared/archive/entry-names.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { LOOK_INSIDE_MAX_BYTES, type NotABackup, notABackup } from "./not-a-backup.ts";

/** What a person dropped or chose: single files, or the files of a folder. */
export interface ChosenFiles {
  /** Null if single files were chosen. */
  folder: string | null;
  files: ChosenFile[];
}

export interface ChosenFile {
  /** Relative to the folder, with `/` between names. */
  path: string;
  file: File;
}

/** The file to upload, and the folder from which it was packed. */
export interface ArchiveFile {
  file: File;
  packed: { folder: string | null; files: number; leftOut: number } | null;
}

/** Returns the one zip that was chosen, or packs the backup's folder into one. Otherwise returns the reason why not. */
export async function toArchive(
  chosen: ChosenFiles,
  maxBytes: number = LOOK_INSIDE_MAX_BYTES,
): Promise<ArchiveFile | NotABackup> {
  const all = chosen.files.filter(({ path }) => !isSystemFile(path));
  const { folder, files } = innermost({ folder: chosen.folder, files: all });
  const parts = files.filter(({ path }) => isPart(path));
  const [only] = files.length === 1 ? files : [];
  if (only && chosen.folder === null) {
    return parts.length === 0 ? { file: only.file, packed: null } : ONE_TABLE;
  }
  if (parts.length === 0) return withoutParts(folder, files);
  const sizeBytes = parts.reduce((sum, { file }) => sum + file.size, 0);
  if (sizeBytes > maxBytes) return tooLarge(sizeBytes, maxBytes);
  return {
    file: await pack(`${folder ?? "backup"}.zip`, parts),
    packed: { folder, files: parts.length, leftOut: files.length - parts.length },
  };
}

/**
 * Matches the files of an unpacked backup, ours or the original's. A folder of the original may also contain an older
 * zip.
 */
const isPart = (path: string): boolean =>
  /^[^/]+\.(json|age)$|^README\.txt$|^tables\/[^/]+\.(json|age)$/.test(path);

/** Unwraps folders that contain nothing but one folder. */
function innermost({ folder, files }: ChosenFiles): ChosenFiles {
  const wrapping = wrappingFolder(files.map(({ path }) => path));
  return {
    folder: wrapping.split("/").at(-2) ?? folder,
    files: files.map(({ path, file }) => ({ path: path.slice(wrapping.length), file })),
  };
}

function withoutParts(folder: string | null, files: ChosenFile[]): ArchiveFile | NotABackup {
  const zips = files.filter(({ path }) => /^[^/]+\.zip$/i.test(path));
  const [zip] = zips;
  if (zip && zips.length === 1) return { file: zip.file, packed: null };
  const folders = new Set(
    files.filter(({ path }) => path.includes("/")).map(({ path }) => path.split("/", 1)[0]),
  );
  if (zips.length + folders.size > 1) {
    return notABackup(
      folder === null ? "These are several files." : "This folder holds several files or folders.",
      "Choose one backup: its zip file, or its own folder.",
    );
  }
  return NO_BACKUP_IN_FOLDER;
}

export const NO_BACKUP_IN_FOLDER = notABackup(
  "There is no backup in this folder.",
  "A backup's folder holds a manifest and a folder named tables. A folder of @vorlefan/prisma-backup holds one JSON file per table.",
);

const ONE_TABLE = notABackup(
  "This is only one file of a backup.",
  "An unpacked backup is a folder of such files. Drop the whole folder here, or all of its files at once.",
);

const tooLarge = (sizeBytes: number, maxBytes: number): NotABackup =>
  notABackup(
    `This folder is too large for the browser to pack: it has ${formatBytes(sizeBytes)}, and at most ${formatBytes(maxBytes)} are possible.`,
    "Pack the folder into a zip file with your computer's own tool, and choose that file. Or restore the folder from a terminal.",
  );

/** Packs deterministically: the same folder always gives the same bytes, so that an interrupted upload can continue. */
async function pack(name: string, files: ChosenFile[]): Promise<File> {
  // Loaded when needed: JSZip is a third of the panel, and few people choose a folder.
  const { default: JSZip } = await import("jszip");
  const zip = new JSZip();
  for (const { path, file } of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    zip.file(path, file.arrayBuffer(), {
      date: new Date(file.lastModified),
      createFolders: false,
    });
  }
  const blob = await zip.generateAsync({ type: "blob", compression: "STORE" });
  const lastModified = Math.max(...files.map(({ file }) => file.lastModified));
  return new File([blob], name, { type: "application/zip", lastModified });
}
