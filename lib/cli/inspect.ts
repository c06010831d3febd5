import { openArchive } from "../archive/archive-reader.ts";
import { summariseManifest } from "../archive/manifest.ts";
import type { EncryptionMode, ManifestSummary } from "../shared/api.ts";
import { formatBytes, formatNoun, formatTables } from "../shared/format.ts";
import { tableLabel } from "../shared/table-name.ts";
import { parseOptions, readUnlock, UNLOCK_OPTIONS } from "./usage.ts";

/** The output of `inspect --json`. Its shape is stable: see docs/cli.md. */
interface Inspection {
  file: string;
  sizeBytes: number;
  encryption: EncryptionMode;
  /** Null for an encrypted archive without its key. */
  manifest: ManifestSummary | null;
}

/** `inspect`: shows what a backup contains, as far as the given key can read it. Checks no table's checksum. */
export async function inspect(args: string[]): Promise<void> {
  const options = parseOptions(args, { ...UNLOCK_OPTIONS, json: { type: "boolean" } }, 1);
  const unlock = await readUnlock(options);
  await using archive = await openArchive(options.file);
  const isLocked = archive.encryption !== "none" && Object.keys(unlock).length === 0;
  if (!isLocked) await archive.unlock(unlock);
  const inspection: Inspection = {
    file: options.file,
    sizeBytes: archive.sizeBytes,
    encryption: archive.encryption,
    manifest: isLocked ? null : summariseManifest(archive.manifest),
  };
  process.stdout.write(
    options.json ? `${JSON.stringify(inspection, null, 2)}\n` : toText(inspection),
  );
}

const ENCRYPTION: Record<EncryptionMode, string> = {
  passphrase: "by a passphrase",
  recipients: "for age public keys",
  none: "none: anyone can read it",
};

function toText({ file, sizeBytes, encryption, manifest }: Inspection): string {
  const head = [`${file}, ${formatBytes(sizeBytes)}`, `encryption  ${ENCRYPTION[encryption]}`];
  if (!manifest) {
    const option = encryption === "passphrase" ? "--passphrase-file" : "--identity-file";
    return `${[...head, `Its manifest is encrypted. Give ${option} to see more.`].join("\n")}\n`;
  }
  const rows = manifest.tables.reduce((sum, table) => sum + table.rows, 0);
  return `${[
    ...head,
    ...origin(manifest),
    `holds       ${formatTables(manifest.tables.length, manifest.tablesInDatabase)}, ${formatNoun(rows, "row")}${manifest.formatVersion === null ? "" : `, ${formatNoun(manifest.sequences, "sequence")}`}`,
    `migrations  ${manifest.migrations.map(({ name }) => name).join(", ") || "none recorded"}`,
    ...manifest.warnings.map(({ message }) => `warning     ${message}`),
    "",
    ...manifest.tables.map(
      (table) =>
        `${formatNoun(table.rows, "row").padStart(17)}  ${formatBytes(table.jsonBytes).padStart(9)}  ${tableLabel(table)}`,
    ),
  ].join("\n")}\n`;
}

function origin({ formatVersion, createdAt, tool, database }: ManifestSummary): string[] {
  if (formatVersion === null || createdAt === null || database === null) {
    return [`made        by ${tool}, which records neither when nor from which database`];
  }
  return [
    `database    ${database.name}, PostgreSQL ${database.serverVersion}`,
    `made        ${createdAt} by ${tool}, format ${formatVersion}`,
  ];
}
