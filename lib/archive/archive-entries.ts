/** Which entries an archive may and must have. */
import type { EncryptionMode } from "../shared/api.ts";
import { KEY_ENTRY, manifestEntryName, README_ENTRY } from "../shared/archive-format.ts";
import type { ArchiveVerdict } from "../shared/archive-verdict.ts";
import { tableLabel } from "../shared/table-name.ts";
import { invalidArchive } from "./archive-error.ts";
import type { EntrySource } from "./entry-source.ts";
import { notAFile } from "./folder-source.ts";
import type { StoredManifest } from "./manifest.ts";
import { quote } from "./zip-structure.ts";

type Entries = EntrySource["entries"];

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
export function findMode({ entries, others }: EntrySource): EncryptionMode {
  const plain = entries.has(manifestEntryName("none"));
  const encrypted = entries.has(manifestEntryName("recipients"));
  if (!plain && !encrypted) {
    throw invalidArchive("The backup's manifest is missing, which is written last.", {
      hint: "It was never finished, or not copied whole. Copy it again, or use an older backup.",
      details: { verdict: "incomplete" satisfies ArchiveVerdict },
    });
  }
  if (plain && encrypted) throw invalidArchive("The archive has two manifests.");
  const mode = plain ? "none" : entries.has(KEY_ENTRY) ? "passphrase" : "recipients";
  const known = new Set([README_ENTRY, manifestEntryName(mode)]);
  if (mode === "passphrase") known.add(KEY_ENTRY);
  const tableEntry = plain ? TABLE_ENTRY.plain : TABLE_ENTRY.encrypted;
  const link = others.find((name) => !name.endsWith("/"));
  if (link !== undefined) throw notAFile(link);
  for (const name of [...entries.keys(), ...others]) {
    if (!known.has(name) && !tableEntry.test(name)) {
      throw invalidArchive(`The archive holds an entry that no such backup has: ${quote(name)}.`, {
        hint: "Use the backup as it was made: nothing may be added to it.",
      });
    }
  }
  return mode;
}

/** Whether this is how such an archive names a table's entry. */
export function isTableEntry(name: string): boolean {
  return TABLE_ENTRY.plain.test(name) || TABLE_ENTRY.encrypted.test(name);
}

/**
 * Checks that the manifest's tables and the archive's entries are the same, one to one.
 *
 * @throws ARCHIVE_INVALID
 */
export function checkAgreement(
  manifest: StoredManifest,
  entries: Entries,
  mode: EncryptionMode,
): void {
  if (manifest.encryption !== mode) {
    throw invalidArchive("The archive's manifest belongs to another archive.");
  }
  for (const table of manifest.tables) {
    const label = tableLabel(table);
    const entry = entries.get(table.entry);
    if (!entry) {
      throw invalidArchive(`The table ${label} is missing from the archive.`, {
        details: { verdict: "incomplete" satisfies ArchiveVerdict },
      });
    }
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
