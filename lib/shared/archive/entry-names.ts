/** Rules for the names of a backup's entries. */

const NAME = "(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+";
const PLAIN_TABLE = new RegExp(`^tables/${NAME}\\.${NAME}\\.json$`);
const ENCRYPTED_TABLE = new RegExp(`^tables/${NAME}\\.${NAME}\\.json\\.zst\\.age$`);

/** Whether a backup names a table's entry like this: an unencrypted one, an encrypted one, or either. */
export function isTableEntry(name: string, isEncrypted?: boolean): boolean {
  return (
    (isEncrypted !== true && PLAIN_TABLE.test(name)) ||
    (isEncrypted !== false && ENCRYPTED_TABLE.test(name))
  );
}

/**
 * Whether an operating system added this file: settings and thumbnails of file managers, and what macOS adds to a
 * folder or zip for each file. These are ignored. Any other hidden file counts as an entry.
 */
export function isSystemFile(name: string): boolean {
  const parts = name.split("/");
  const last = parts.at(-1) ?? "";
  return (
    parts.includes("__MACOSX") || last.startsWith("._") || SYSTEM_FILES.has(last.toLowerCase())
  );
}

const SYSTEM_FILES = new Set([
  ".ds_store",
  "thumbs.db",
  "ehthumbs.db",
  "desktop.ini",
  ".directory",
]);

/** Returns the folder, with its `/`, in which a whole backup was packed: all names share it. Empty if there is none. */
export function wrappingFolder([first = "", ...names]: readonly string[]): string {
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  for (const name of names) {
    while (!name.startsWith(folder))
      folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  // `tables` is the backup's own folder, even if it is all that is left of the backup.
  return folder.replace(/(^|\/)tables\/$/, "$1");
}

/** Whether a name is an absolute path, or leads outside of the folder into which the zip is extracted. */
export const isOutside = (name: string): boolean => /^\/|^[A-Za-z]:|(^|\/)\.\.?(\/|$)/.test(name);

/** Makes a name from a file safe to show. */
export function quote(name: string): string {
  const visible = name.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
  return JSON.stringify(visible.length > 80 ? `${visible.slice(0, 79)}…` : visible).toWellFormed();
}
