import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useRef, useState } from "react";
import { formatBytes } from "../../lib/shared/format.ts";
import {
  type ArchiveFile,
  type ChosenFiles,
  NO_BACKUP_IN_FOLDER,
  toArchive,
} from "../chosen-files.ts";
import { PageHeader } from "../common/page-header.tsx";
import {
  inspectArchive,
  type LocalReport,
  NO_BACKUP_IN_ZIP,
  type NotABackup,
  notABackup,
} from "../local-archive.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ChosenArchive } from "./chosen-archive.tsx";
import { FileDrop } from "./file-drop.tsx";

interface Choice {
  archive: ArchiveFile;
  /** Null while the file is being looked into. */
  report: LocalReport | null;
}

/** Null before anything is chosen, "reading" while a folder is read and packed. */
type Chosen = null | "reading" | Choice | NotABackup;

export function RestoreView() {
  const { queries } = usePanel();
  const maxBytes = useQuery(queries.overview).data?.limits.maxUploadBytes;
  const [chosen, setChosen] = useState<Chosen>(null);
  const latest = useRef(0);
  const choose = async (reading: Promise<ChosenFiles>) => {
    // Another file may be chosen in the meantime.
    latest.current += 1;
    const turn = latest.current;
    const show = (next: Chosen) => turn === latest.current && setChosen(next);
    show("reading");
    const archive = await reading.then((files) => toArchive(files)).catch(() => UNREADABLE);
    if ("kind" in archive) return show(archive);
    show({ archive, report: null });
    const report = await inspectArchive(archive.file).catch(() => UNREADABLE);
    show({
      archive,
      report: archive.packed && report === NO_BACKUP_IN_ZIP ? NO_BACKUP_IN_FOLDER : report,
    });
  };
  const clear = () => setChosen(null);
  return (
    <>
      <PageHeader
        back
        title="Restore a backup"
        description="The file is uploaded and checked first. Nothing in the database changes before you confirm it on the next page."
      />
      {chosen === null && <FileDrop onChoose={choose} maxBytes={maxBytes} />}
      {chosen === "reading" && <Looking>Reading the files</Looking>}
      {chosen !== null && chosen !== "reading" && "kind" in chosen && (
        <Refused reason={chosen} onClear={clear} />
      )}
      {chosen !== null && chosen !== "reading" && "archive" in chosen && (
        <ChosenFile {...chosen} maxBytes={maxBytes} onClear={clear} />
      )}
    </>
  );
}

interface ChosenFileProps extends Choice {
  maxBytes: number | undefined;
  onClear: () => void;
}

function ChosenFile({ archive, report, maxBytes, onClear }: ChosenFileProps) {
  const { file } = archive;
  if (!report) {
    return (
      <Looking>
        Looking into <span className="pba:font-mono pba:break-all">{file.name}</span>
      </Looking>
    );
  }
  if (report.kind === "not-a-backup") {
    return <Refused file={file} reason={report} onClear={onClear} />;
  }
  if (maxBytes !== undefined && file.size > maxBytes) {
    return <Refused file={file} reason={tooLarge(maxBytes)} onClear={onClear} />;
  }
  return <ChosenArchive archive={archive} report={report} onClear={onClear} />;
}

function Looking({ children }: { children: ReactNode }) {
  return (
    <Card>
      <p role="status" className="pba:flex pba:items-center pba:gap-3">
        <Spinner />
        <span>{children}</span>
      </p>
    </Card>
  );
}

interface RefusedProps {
  file?: File;
  reason: Pick<NotABackup, "message" | "hint">;
  onClear: () => void;
}

function Refused({ file, reason, onClear }: RefusedProps) {
  return (
    <Card>
      {file && (
        <p className="pba:mb-4 pba:font-mono pba:text-xs pba:break-all pba:text-muted">
          {file.name} · {formatBytes(file.size)}
        </p>
      )}
      <Notice
        tone="bad"
        role="alert"
        title={reason.message}
        actions={<Button onClick={onClear}>Choose another file</Button>}
      >
        <p>{reason.hint}</p>
        <p className="pba:text-muted">Nothing was uploaded.</p>
      </Notice>
    </Card>
  );
}

const tooLarge = (maxBytes: number) => ({
  message: `This file is too large: at most ${formatBytes(maxBytes)} can be uploaded here.`,
  hint: "The app's configuration sets this limit. A larger backup can be restored from a terminal.",
});

/** Browsers refuse to read a file that was moved or changed after it had been chosen. */
const UNREADABLE = notABackup(
  "The browser could not read this.",
  "It may have been moved, changed or protected, or be a folder with very many files. Choose it again.",
);
