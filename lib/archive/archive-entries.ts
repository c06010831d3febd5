/** Which entries an archive may and must have. */
import type { EncryptionMode } from "../shared/api.ts";
import { tableLabel } from "../shared/table-name.ts";
import { invalidArchive } from "./archive-error.ts";
import { KEY_ENTRY, manifestEntryName, README_ENTRY } from "./format.ts";
import type { Manifest } from "./manifest.ts";
import { quote, type ZipEntry } from "./zip-structure.ts";

type Entries = Map<string, ZipEntry>;

const NAME = "(?:[A-Za-z0-9_-]|%[0-9A-F]{2})+";
const TABLE_ENTRY = {
  plain: new RegExp(`^tables/${NAME}\\.${NAME}\\.json$`),
  encrypted: new RegExp(`^tables/${NAME}\\.${NAME}\\.json\\.zst\\.age$`),
};

/**
 * How the archive is encrypted, told from its entries, all of which must be ones that such an archive has.
 *
 * @throws ARCHIVE_INVALID
 */
export function findMode(entries: Entries): EncryptionMode {
  const plain = entries.has(manifestEntryName("none"));
  const encrypted = entries.has(manifestEntryName("recipients"));
  if (!plain && !encrypted) {
    throw invalidArchive("The file is a zip, but not a backup: it has no manifest.", {
      hint: "Choose the zip file that was downloaded from the backup page, as it is.",
    });
  }
  if (plain && encrypted) throw invalidArchive("The archive has two manifests.");
  const mode = plain ? "none" : entries.has(KEY_ENTRY) ? "passphrase" : "recipients";
  const known = new Set([README_ENTRY, manifestEntryName(mode)]);
  if (mode === "passphrase") known.add(KEY_ENTRY);
  const tableEntry = plain ? TABLE_ENTRY.plain : TABLE_ENTRY.encrypted;
  for (const name of entries.keys()) {
    if (!known.has(name) && !tableEntry.test(name)) {
      throw invalidArchive(`The archive holds an entry that no such backup has: ${quote(name)}.`, {
        hint: "Use the archive as it was downloaded. One that was unpacked and packed again may not be complete.",
      });
    }
  }
  return mode;
}

/**
 * Checks that the manifest's tables and the archive's entries are the same, one to one.
 *
 * @throws ARCHIVE_INVALID
 */
export function checkAgreement(manifest: Manifest, entries: Entries, mode: EncryptionMode): void {
  if (manifest.encryption !== mode) {
    throw invalidArchive("The archive's manifest belongs to another archive.");
  }
  for (const table of manifest.tables) {
    const label = tableLabel(table);
    const entry = entries.get(table.entry);
    if (!entry) throw invalidArchive(`The table ${label} is missing from the archive.`);
    if (entry.sizeBytes !== table.storedBytes) {
      throw invalidArchive(`The table ${label} in the archive is not the one that was backed up.`);
    }
  }
  const listed = new Set(manifest.tables.map(({ entry }) => entry));
  for (const name of entries.keys()) {
    if (name.startsWith("tables/") && !listed.has(name)) {
      throw invalidArchive(
        `The archive holds a table that its manifest does not list: ${quote(name)}.`,
      );
    }
  }
}
