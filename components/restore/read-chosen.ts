/** Turns the result of a drop or a file dialog into files with their paths. */
import type { ChosenFile, ChosenFiles } from "../local/chosen-files.ts";

/** No backup has more files. The limit stops the walk if a home or project folder was dropped by mistake. */
const MAX_FILES = 10_000;

/** Must be called during the event itself: afterwards the browser no longer provides what was dropped. */
export function readDrop({ items, files }: DataTransfer): Promise<ChosenFiles> {
  const entries = [...items].map((item) => item.webkitGetAsEntry()).filter((it) => it !== null);
  return entries.length > 0 ? readEntries(entries) : Promise.resolve(readFiles([...files]));
}

/** Reads the files of an input for files or for a folder. */
export function readFiles(files: File[]): ChosenFiles {
  const folder = files[0]?.webkitRelativePath.split("/")[0] || null;
  return {
    folder,
    files: files.map((file) => ({
      path: folder === null ? file.name : file.webkitRelativePath.slice(folder.length + 1),
      file,
    })),
  };
}

async function readEntries(entries: FileSystemEntry[]): Promise<ChosenFiles> {
  const [first] = entries;
  const folder = entries.length === 1 && first?.isDirectory ? first : null;
  const files: ChosenFile[] = [];
  // The browser's own paths begin with `/`.
  const prefixLength = folder ? folder.fullPath.length + 1 : 1;
  for (const entry of entries) await collect(entry, prefixLength, files);
  return { folder: folder?.name ?? null, files };
}

async function collect(entry: FileSystemEntry, prefixLength: number, files: ChosenFile[]) {
  if (isFile(entry)) {
    const file = await new Promise<File>((resolve, reject) => entry.file(resolve, reject));
    files.push({ path: entry.fullPath.slice(prefixLength), file });
    if (files.length > MAX_FILES) throw new RangeError(`More than ${MAX_FILES} files.`);
  } else if (isFolder(entry)) {
    const reader = entry.createReader();
    // `readEntries` returns up to a hundred entries per call, and none at the end.
    for (;;) {
      const children = await new Promise<FileSystemEntry[]>((resolve, reject) =>
        reader.readEntries(resolve, reject),
      );
      if (children.length === 0) return;
      for (const child of children) await collect(child, prefixLength, files);
    }
  }
}

// Not every browser has these classes as globals.
const isFile = (entry: FileSystemEntry): entry is FileSystemFileEntry => entry.isFile;
const isFolder = (entry: FileSystemEntry): entry is FileSystemDirectoryEntry => entry.isDirectory;
