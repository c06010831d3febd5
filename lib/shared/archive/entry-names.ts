/** What the names of a backup's entries say. */

const NAME = "(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+";
const PLAIN_TABLE = new RegExp(`^tables/${NAME}\\.${NAME}\\.json$`);
const ENCRYPTED_TABLE = new RegExp(`^tables/${NAME}\\.${NAME}\\.json\\.zst\\.age$`);

/** Whether this is how a backup names a table's entry: an unencrypted one, an encrypted one, or either. */
export function isTableEntry(name: string, isEncrypted?: boolean): boolean {
  return (
    (isEncrypted !== true && PLAIN_TABLE.test(name)) ||
    (isEncrypted !== false && ENCRYPTED_TABLE.test(name))
  );
}

/**
 * Whether an operating system left this beside a person's files: the settings and thumbnails of file managers, and
 * what macOS adds to a folder or zip for each file. Nobody reads them. Any other hidden file is an entry like others.
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

/**
 * The folder, with its `/`, that somebody packed a whole backup in: the one that all names have in common. Empty if
 * there is none.
 */
export function wrappingFolder([first = "", ...names]: readonly string[]): string {
  let folder = first.slice(0, first.lastIndexOf("/") + 1);
  for (const name of names) {
    while (!name.startsWith(folder))
      folder = folder.slice(0, folder.lastIndexOf("/", folder.length - 2) + 1);
  }
  // `tables` is the backup's own folder, even if nothing else is left of the backup.
  return folder.replace(/(^|\/)tables\/$/, "$1");
}

/** Whether a name is an absolute path, or leads out of the folder that the zip is extracted to. */
export const isOutside = (name: string): boolean => /^\/|^[A-Za-z]:|(^|\/)\.\.?(\/|$)/.test(name);

/** A name from a file, safe to show. */
export function quote(name: string): string {
  const visible = name.replaceAll(/[\p{Cc}\p{Cf}]/gu, "?");
  return JSON.stringify(visible.length > 80 ? `${visible.slice(0, 79)}…` : visible).toWellFormed();
}
