/** The entries that a backup may and must have. */
import type { EncryptionMode } from "../api.ts";
import {
  KEY_ENTRY,
  MAX_KEY_BYTES,
  MAX_README_BYTES,
  manifestEntryName,
  README_ENTRY,
} from "../archive-format.ts";
import { formatNoun } from "../format.ts";
import { tableLabel } from "../table-name.ts";
import { isTableEntry, quote } from "./entry-names.ts";
import type { EntryReader } from "./entry-reader.ts";
import { damaged, damagedTables, incomplete } from "./fault.ts";
import type { StoredManifest } from "./manifest.ts";

/** Finds the encryption from the entries. @throws ArchiveFault for entries that such a backup does not have */
export function findMode({ entries, others }: EntryReader): EncryptionMode {
  const plain = entries.has(manifestEntryName("none"));
  const encrypted = entries.has(manifestEntryName("recipients"));
  if (!plain && !encrypted) {
    throw incomplete("The backup's manifest is missing. It is written last.", {
      hint: "The backup was never finished, or not copied whole. Copy it again, or use an older backup.",
    });
  }
  if (plain && encrypted) throw damaged("The backup has two manifests.");
  const mode = plain ? "none" : entries.has(KEY_ENTRY) ? "passphrase" : "recipients";
  const known = new Set([README_ENTRY, manifestEntryName(mode)]);
  if (mode === "passphrase") known.add(KEY_ENTRY);
  for (const name of [...entries.keys(), ...others]) {
    if (!known.has(name) && !isTableEntry(name, encrypted)) {
      throw damaged(`The backup holds a file that it was not made with: ${quote(name)}.`, {
        hint: "Use the backup as it was made: nothing may be added to it.",
      });
    }
  }
  return mode;
}

/** Checks that the manifest and the entries match one to one. @throws ArchiveFault */
export function checkAgreement(
  manifest: StoredManifest,
  entries: EntryReader["entries"],
  mode: EncryptionMode,
): void {
  if (manifest.encryption !== mode) throw damaged("The backup's manifest belongs to another one.");
  const missing = manifest.tables.filter(({ entry }) => !entries.has(entry));
  const [first] = missing;
  if (first) {
    const more = missing.length > 1 ? ` and ${formatNoun(missing.length - 1, "other table")}` : "";
    const verb = more ? "are" : "is";
    throw incomplete(`The table ${tableLabel(first)}${more} ${verb} missing from the backup.`);
  }
  const others = manifest.tables.filter(
    ({ entry, storedBytes }) => entries.get(entry)?.sizeBytes !== storedBytes,
  );
  if (others.length > 0) throw damagedTables(others);
  const listed = new Set(manifest.tables.map(({ entry }) => entry));
  for (const name of entries.keys()) {
    if (name.startsWith("tables/") && !listed.has(name)) {
      throw damaged(`The backup holds a table that its manifest does not list: ${quote(name)}.`);
    }
  }
  for (const [name, sha256] of smallEntries(manifest)) {
    if (sha256 !== undefined && !entries.has(name)) {
      throw incomplete(`The file ${name} is missing from the backup.`);
    }
  }
}

/** The entries, other than tables, whose checksums are in the manifest. Older versions stored none. */
export const smallEntries = (manifest: StoredManifest) =>
  [
    [README_ENTRY, manifest.readmeSha256, MAX_README_BYTES],
    [KEY_ENTRY, manifest.keySha256, MAX_KEY_BYTES],
  ] as const;
