import { type ChangeEvent, type ReactNode, useRef, useState } from "react";
import type { ArchiveIdentity, Operation } from "../../lib/shared/api.ts";
import { formatBytes, formatPercent, formatTables, isPartial } from "../../lib/shared/format.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { ShieldCheck } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { compareFile, type FileVerdict } from "./compare-file.ts";

type Comparison =
  | { name: "none" }
  | { name: "running"; fraction: number }
  | { name: "ended"; verdict: FileVerdict };

/** Says where the browser has put a finished backup, and compares the saved file with what was made. */
export function SavedBackup({
  operation,
  children,
}: {
  operation: Operation;
  children: ReactNode;
}) {
  const { fileName, archive, result, actor } = operation;
  const isOwn = usePanel().actor.id === actor.id;
  const input = useRef<HTMLInputElement>(null);
  const [comparison, setComparison] = useState<Comparison>({ name: "none" });
  const tables = result?.tables.length;
  const isPart = isPartial(tables, result?.tablesInDatabase);
  const isRunning = comparison.name === "running";
  const compare = async ({ target }: ChangeEvent<HTMLInputElement>) => {
    const [file] = target.files ?? [];
    // The same file can be chosen again.
    target.value = "";
    if (!file || !archive) return;
    const onProgress = (fraction: number) => setComparison({ name: "running", fraction });
    onProgress(0);
    setComparison({ name: "ended", verdict: await compareFile(file, archive, onProgress) });
  };
  return (
    <>
      <Notice
        tone={isPart ? "warn" : "good"}
        title="The backup is complete."
        actions={
          <>
            {archive && (
              <Button
                variant="primary"
                aria-disabled={isRunning}
                onClick={() => !isRunning && input.current?.click()}
              >
                <ShieldCheck aria-hidden />
                {isRunning
                  ? `Checking: ${formatPercent(comparison.fraction)}`
                  : "Check the saved file"}
              </Button>
            )}
            {children}
          </>
        }
      >
        {isPart && (
          <p className="pba:font-semibold">
            It holds only {formatTables(tables ?? 0, result?.tablesInDatabase)}.
          </p>
        )}
        <p>
          {isOwn ? "Your browser" : `The browser of ${actor.name}`} has saved it in its downloads:{" "}
          <span className="pba:font-mono pba:text-xs pba:break-all">{fileName}</span>
          {archive && `, ${formatBytes(archive.sizeBytes)}`}. The server keeps no copy.
        </p>
        <p>{keepingAdvice(operation)}</p>
      </Notice>
      <input
        ref={input}
        type="file"
        aria-label="Saved file"
        accept=".zip,application/zip"
        tabIndex={-1}
        className="pba:sr-only"
        onChange={compare}
      />
      {archive && comparison.name === "ended" && (
        <Verdict verdict={comparison.verdict} archive={archive} fileName={fileName} />
      )}
    </>
  );
}

function Verdict(props: { verdict: FileVerdict; archive: ArchiveIdentity; fileName: string }) {
  const { verdict, archive, fileName } = props;
  const size = formatBytes(archive.sizeBytes);
  switch (verdict.name) {
    case "same":
      return (
        <Notice tone="good" role="status" title="The saved file is right.">
          <p>
            All {size} are as the server made them. Keep it on another machine than the database.
          </p>
        </Notice>
      );
    case "other":
      return (
        <Notice tone="bad" role="alert" title="This is not the file that was made.">
          <p>
            {verdict.sizeBytes === archive.sizeBytes
              ? "It has the right size, but not the right contents."
              : `It has ${formatBytes(verdict.sizeBytes)} instead of ${size}.`}{" "}
            Choose <span className="pba:font-mono pba:text-xs pba:break-all">{fileName}</span>. If
            this was it, the saved file is damaged: delete it, and create the backup again.
          </p>
        </Notice>
      );
    case "unreadable":
      return (
        <Notice tone="bad" role="alert" title="The browser cannot read this file.">
          <p>Is it still being saved, or was it moved? Choose it again.</p>
        </Notice>
      );
    default:
      throw verdict satisfies never;
  }
}

function keepingAdvice({ encryption }: Operation): string {
  switch (encryption) {
    case "passphrase":
      return "You can open it only with its passphrase, which is not stored anywhere. Keep the passphrase safe.";
    case "recipients":
      return "You can open it only with one of the matching private keys. Keep them safe.";
    default:
      return "It is not encrypted. Anyone with the file can read everything.";
  }
}
