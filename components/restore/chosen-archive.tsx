import { useMutation } from "@tanstack/react-query";
import { FileArchive } from "lucide-react";
import { useRouter } from "next/navigation";
import type { EncryptionMode, Unlock } from "../../lib/shared/api.ts";
import { formatBytes, formatDateTime, formatNoun } from "../../lib/shared/format.ts";
import type { ArchiveFile } from "../chosen-files.ts";
import type { LocalReport } from "../local-archive.ts";
import { ENCRYPTION_LABELS } from "../operation/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { UnlockForm } from "./unlock-form.tsx";
import { UploadProgress } from "./upload-progress.tsx";
import { useUpload } from "./use-upload.ts";

type Archive = Exclude<LocalReport, { kind: "not-a-backup" }>;

interface ChosenArchiveProps {
  archive: ArchiveFile;
  report: Archive;
  onClear: () => void;
}

/** A file that looks like a backup: it is uploaded while its passphrase is typed, then checked. */
export function ChosenArchive({ archive, report, onClear }: ChosenArchiveProps) {
  const { api, queries, paths } = usePanel();
  const router = useRouter();
  const upload = useUpload(archive.file, api.uploadsUrl);
  const check = useMutation(queries.createRestore);
  const submit = (unlock: Unlock) => {
    if (upload.state.name !== "uploaded" || check.isPending) return;
    check.mutate(
      { ...unlock, uploadId: upload.state.uploadId },
      {
        onSuccess: (operation) => {
          upload.forget();
          router.push(paths.operation(operation.id));
        },
      },
    );
  };
  return (
    <>
      <Card>
        <div className="pba:grid pba:gap-5">
          <ArchiveTitle archive={archive} report={report} />
          <UploadProgress
            upload={upload}
            onCancel={() => {
              upload.cancel();
              onClear();
            }}
          />
        </div>
      </Card>
      <UnlockForm
        encryption={encryptionOf(report)}
        isOriginal={report.kind === "original"}
        isUploaded={upload.state.name === "uploaded"}
        isChecking={check.isPending || check.isSuccess}
        error={check.error}
        onSubmit={submit}
      />
    </>
  );
}

function encryptionOf(report: Archive): EncryptionMode | null {
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

function ArchiveTitle({ archive, report }: Pick<ChosenArchiveProps, "archive" | "report">) {
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
        <p role="status">{descriptionOf(report)}</p>
        {report.kind === "original" && (
          <Notice tone="warn" className="pba:mt-2" title="Its integrity cannot be checked.">
            <p>
              @vorlefan/prisma-backup stored neither a digest nor an authentication tag. Every row
              is read and matched with this database, and what the file lost is said before anything
              changes; but no damage or forgery that still reads as JSON can be found.
            </p>
          </Notice>
        )}
        {report.kind === "large-zip" && (
          <Notice className="pba:mt-2">
            <p>
              It is too large to be looked into by the browser. Only its beginning and its end were
              checked; the server checks all of it.
            </p>
          </Notice>
        )}
      </div>
    </div>
  );
}

function descriptionOf(report: Archive): string {
  if (report.kind === "large-zip") return "A complete zip file.";
  if (report.kind === "original") {
    const { tables, isEncrypted } = report;
    return `A backup of ${formatNoun(tables, "table")} written by @vorlefan/prisma-backup, ${isEncrypted ? "encrypted with a password" : "not encrypted"}.`;
  }
  const { encryption, tables, manifest } = report;
  const what = `A backup of ${formatNoun(tables, "table")}, ${ENCRYPTION_LABELS[encryption].toLowerCase()}`;
  if (!manifest) return `${what}. When and from what it was made is encrypted, too.`;
  return `${what}, made ${formatDateTime(manifest.createdAt)} from ${manifest.databaseName} by ${manifest.tool}.`;
}

function packingOf({ folder, files, leftOut }: NonNullable<ArchiveFile["packed"]>): string {
  const source = folder === null ? "" : ` of the folder ${folder}`;
  const rest = leftOut === 0 ? "" : `, without ${formatNoun(leftOut, "other file")}`;
  return `packed by the browser from ${formatNoun(files, "file")}${source}${rest}`;
}
