import { useQuery } from "@tanstack/react-query";
import { useRef, useState } from "react";
import { VERDICT_TITLES } from "../../lib/shared/archive-verdict.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { type ChosenFiles, NO_BACKUP_IN_FOLDER, toArchive } from "../local/chosen-files.ts";
import type { LocalReport } from "../local/local-archive.ts";
import { LocalArchiveClient } from "../local/local-archive-client.ts";
import { type NotABackup, notABackup } from "../local/not-a-backup.ts";
import { usePanel } from "../panel-context.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { Switch } from "../ui/switch.tsx";
import { chooseBackup, forgetBackup } from "./chosen-file-store.ts";
import { FileDrop } from "./file-drop.tsx";

type Choosing =
  | { name: "nothing" }
  | { name: "reading"; fileName: string | null }
  | { name: "refused"; file: File | null; reason: Reason };

type Reason = Pick<NotABackup, "message" | "hint"> & Partial<Pick<NotABackup, "verdict">>;

/** Asks for a file until one is recognised as a backup, and puts it into the store of the chosen file. */
export function ChooseFile({ onChosen }: { onChosen: () => void }) {
  const { queries } = usePanel();
  const maxBytes = useQuery(queries.overview).data?.limits.maxUploadBytes;
  const [choosing, setChoosing] = useState<Choosing>({ name: "nothing" });
  const [onlyLooks, setOnlyLooks] = useState(false);
  const latest = useRef(0);
  const choose = async (reading: Promise<ChosenFiles>) => {
    // The person may choose another file in the meantime.
    latest.current += 1;
    const turn = latest.current;
    const show = (next: Choosing) => turn === latest.current && setChoosing(next);
    const refuse = (file: File | null, reason: Reason) => show({ name: "refused", file, reason });
    forgetBackup();
    show({ name: "reading", fileName: null });
    const archive = await reading.then((files) => toArchive(files)).catch(() => UNREADABLE);
    if ("kind" in archive) return refuse(null, { message: archive.message, hint: archive.hint });
    const { file, packed } = archive;
    show({ name: "reading", fileName: file.name });
    const { report, client } = await lookInto(file);
    if (turn !== latest.current) return client?.close();
    if (report.kind === "not-a-backup") {
      const isOther = packed && report.verdict === "not-a-backup";
      return refuse(file, isOther ? NO_BACKUP_IN_FOLDER : report);
    }
    if (maxBytes !== undefined && file.size > maxBytes) {
      client?.close();
      return refuse(file, tooLarge(maxBytes));
    }
    chooseBackup({ archive, report, client, upload: onlyLooks ? "on-request" : "by-itself" });
    onChosen();
  };
  return (
    <>
      {choosing.name === "refused" && <Refused {...choosing} />}
      {/* It stays, so that it keeps the focus. */}
      <FileDrop onChoose={choose} maxBytes={maxBytes}>
        {choosing.name === "reading" ? (
          <Looking fileName={choosing.fileName} />
        ) : (
          <Switch isOn={onlyLooks} onChange={setOnlyLooks}>
            Only look inside, and upload nothing
          </Switch>
        )}
      </FileDrop>
    </>
  );
}

/**
 * Inspects the file in a worker. If no worker can start, the page takes a quick look itself. The client is null if no
 * archive is open.
 */
async function lookInto(
  file: File,
): Promise<{ report: LocalReport; client: LocalArchiveClient | null }> {
  const inspect = async (maxBytes?: number) => {
    const { inspectArchive } = await import("../local/local-archive.ts");
    return { report: await inspectArchive(file, maxBytes).catch(() => UNREADABLE), client: null };
  };
  const client = await LocalArchiveClient.start();
  if (!client) return inspect();
  try {
    const { report, isOpen } = await client.call("open", { file });
    if (!isOpen) client.close();
    return { report, client: isOpen ? client : null };
  } catch {
    // The file is unreadable or needs too much memory. Look only at its beginning and end.
    client.close();
    return inspect(0);
  }
}

function Looking({ fileName }: { fileName: string | null }) {
  return (
    <p role="status" className="pba:flex pba:items-center pba:gap-3">
      <Spinner />
      {fileName === null ? (
        <span>Reading the files</span>
      ) : (
        <span>
          Looking into <span className="pba:font-mono pba:break-all">{fileName}</span>
        </span>
      )}
    </p>
  );
}

function Refused({ file, reason }: { file: File | null; reason: Reason }) {
  const { verdict, message, hint } = reason;
  const title = verdict && message !== UNREADABLE.message ? VERDICT_TITLES[verdict] : undefined;
  // The message may repeat the title, as in “This is not a backup: it is no zip file.”
  const isSaid = title === undefined || message.startsWith(title.slice(0, -1));
  return (
    <Notice tone="bad" role="alert" title={isSaid ? message : title}>
      {!isSaid && <p>{message}</p>}
      <p>{hint}</p>
      <p>Nothing was uploaded. Choose another file.</p>
      {file && (
        <p className="pba:font-mono pba:text-xs pba:break-all pba:text-muted">
          {file.name} · {formatBytes(file.size)}
        </p>
      )}
    </Notice>
  );
}

const tooLarge = (maxBytes: number) => ({
  message: `This file is too large. You can upload at most ${formatBytes(maxBytes)} here.`,
  hint: "The app's configuration sets this limit. You can restore a larger backup from a terminal.",
});

/** Browsers refuse to read a file that was moved or changed after it was chosen. */
const UNREADABLE = notABackup(
  "The browser could not read this.",
  "It may have been moved, changed or protected, or it is a folder with very many files. Choose it again.",
);
