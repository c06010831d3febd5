import { formatBytes, formatMoment, formatNoun, formatTables } from "../../lib/shared/format.ts";
import { ENCRYPTION_LABELS } from "../common/operation-wording.ts";
import type { ArchiveFile } from "../local/chosen-files.ts";
import { FileArchive } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import type { ChosenBackup, Recognised } from "./chosen-file-store.ts";

/** Shows which file was chosen, and what it is. */
export function ArchiveTitle({ backup }: { backup: ChosenBackup }) {
  const { archive, report } = backup;
  const { file, packed } = archive;
  return (
    <div className="pba:flex pba:items-start pba:gap-4">
      <FileArchive
        aria-hidden
        className="pba:size-8 pba:shrink-0 pba:text-accent-ink pba:stroke-[1.5]"
      />
      <div className="pba:grid pba:min-w-0 pba:gap-1">
        <h2 className="pba:font-semibold pba:break-all">{file.name}</h2>
        <p className="pba:text-muted">
          {formatBytes(file.size)}
          {packed && ` · ${packingOf(packed)}`}
        </p>
        <p role="status">{descriptionOf(backup)}</p>
        {report.kind === "original" && (
          <Notice tone="warn" className="pba:mt-2" title="Its integrity cannot be checked.">
            <p>
              @vorlefan/prisma-backup stored neither a checksum nor an authentication tag. Every row
              is read and compared with this database. You are warned first about data those files
              do not contain. Damage or forgery that is still valid JSON cannot be found.
            </p>
          </Notice>
        )}
      </div>
    </div>
  );
}

function descriptionOf({ report, contents }: ChosenBackup): string {
  if (report.kind === "large-zip") return "A complete zip file.";
  if (report.kind === "original") {
    const { tables, isEncrypted } = report;
    return `A backup of ${formatNoun(tables, "table")} written by @vorlefan/prisma-backup, ${isEncrypted ? "encrypted with a password" : "not encrypted"}.`;
  }
  const { encryption, tables } = report;
  const what = `A backup of ${formatTables(tables, contents?.tablesInDatabase)}, ${ENCRYPTION_LABELS[encryption].toLowerCase()}`;
  const madeOf = contents?.madeOf ?? report.manifest;
  if (madeOf) {
    return `${what}, made ${formatMoment(madeOf.createdAt)} from ${madeOf.databaseName} by ${madeOf.tool}.`;
  }
  return encryption === "none"
    ? `${what}.`
    : `${what}. You see when and from which database it was made after you open it.`;
}

export function encryptionOf(report: Recognised) {
  switch (report.kind) {
    case "backup":
      return report.encryption;
    case "original":
      return report.isEncrypted ? "passphrase" : "none";
    case "large-zip":
      return null;
    default:
      throw report satisfies never;
  }
}

function packingOf({ folder, files, leftOut }: NonNullable<ArchiveFile["packed"]>): string {
  const source = folder === null ? "" : ` of the folder ${folder}`;
  const rest = leftOut === 0 ? "" : `, without ${formatNoun(leftOut, "other file")}`;
  return `packed by the browser from ${formatNoun(files, "file")}${source}${rest}`;
}
