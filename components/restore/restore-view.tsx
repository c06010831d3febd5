import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { formatBytes } from "../../lib/shared/format.ts";
import { PageHeader } from "../common/page-header.tsx";
import { inspectArchive, type LocalReport } from "../local-archive.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ChosenArchive } from "./chosen-archive.tsx";
import { FileDrop } from "./file-drop.tsx";

interface Choice {
  file: File;
  /** Null while the file is being looked into. */
  report: LocalReport | null;
}

export function RestoreView() {
  const { queries } = usePanel();
  const maxBytes = useQuery(queries.overview).data?.limits.maxUploadBytes;
  const [choice, setChoice] = useState<Choice | null>(null);
  const choose = async (file: File) => {
    setChoice({ file, report: null });
    const report = await inspectArchive(file).catch(unreadable);
    // Another file may have been chosen in the meantime.
    setChoice((current) => (current?.file === file ? { file, report } : current));
  };
  const clear = () => setChoice(null);
  return (
    <>
      <PageHeader
        back
        title="Restore a backup"
        description="The file is uploaded and checked first. Nothing in the database changes before you confirm it on the next page."
      />
      {!choice && <FileDrop onChoose={choose} maxBytes={maxBytes} />}
      {choice && <ChosenFile {...choice} maxBytes={maxBytes} onClear={clear} />}
    </>
  );
}

interface ChosenFileProps extends Choice {
  maxBytes: number | undefined;
  onClear: () => void;
}

function ChosenFile({ file, report, maxBytes, onClear }: ChosenFileProps) {
  if (!report) {
    return (
      <Card>
        <p role="status" className="flex items-center gap-3">
          <Spinner />
          <span>
            Looking into <span className="font-mono break-all">{file.name}</span>
          </span>
        </p>
      </Card>
    );
  }
  const refusal = refusalOf(file, report, maxBytes);
  if (!refusal && report.kind !== "not-a-backup") {
    return <ChosenArchive file={file} report={report} onClear={onClear} />;
  }
  return (
    <Card>
      <p className="mb-4 font-mono text-xs break-all text-pba-muted">
        {file.name} · {formatBytes(file.size)}
      </p>
      <Notice
        tone="bad"
        role="alert"
        title={refusal?.message}
        actions={<Button onClick={onClear}>Choose another file</Button>}
      >
        <p>{refusal?.hint}</p>
        <p className="text-pba-muted">Nothing was uploaded.</p>
      </Notice>
    </Card>
  );
}

function refusalOf(file: File, report: LocalReport, maxBytes: number | undefined) {
  if (report.kind === "not-a-backup") return report;
  if (maxBytes === undefined || file.size <= maxBytes) return null;
  return {
    message: `This file is too large: at most ${formatBytes(maxBytes)} can be uploaded here.`,
    hint: "The app's configuration sets this limit. A larger backup can be restored from a terminal.",
  };
}

/** Browsers refuse to read a file that was moved or changed after it had been chosen. */
const unreadable = (): LocalReport => ({
  kind: "not-a-backup",
  message: "The browser could not read this file.",
  hint: "It may have been moved, changed or protected. Choose it again.",
});
