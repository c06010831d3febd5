import { useRouter } from "next/navigation";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { PageHeader } from "../common/page-header.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ArchiveTitle, encryptionOf } from "./archive-title.tsx";
import { CannotLookInside } from "./cannot-look-inside.tsx";
import { ChooseFile } from "./choose-file.tsx";
import { type ChosenBackup, openBackup, useChosenBackup } from "./chosen-file-store.ts";
import { ContentsCard } from "./contents-card.tsx";
import { ContinueToUpload } from "./continue-to-upload.tsx";
import { OpenForm } from "./open-form.tsx";
import { RestoreSteps } from "./restore-steps.tsx";
import { ChooseAgain } from "./upload-view.tsx";
import { VerificationCard } from "./verification-card.tsx";

const RowBrowser = lazy(() => import("../local/row-browser.tsx"));

/** The second step: check this backup. */
export function InsideView() {
  const backup = useChosenBackup();
  const around = useHeadingFocus("restore/inside");
  return (
    <>
      <div ref={around} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
        <PageHeader
          back
          title="Check this backup"
          description="Your browser opens the backup here. The file and its passphrase or private key stay on this computer."
        />
        <RestoreSteps current="choose" />
      </div>
      {backup ? (
        <Inside backup={backup} />
      ) : (
        <>
          <ChooseAgain />
          <ChooseFile />
        </>
      )}
    </>
  );
}

function Inside({ backup }: { backup: ChosenBackup }) {
  const { paths } = usePanel();
  const router = useRouter();
  const [browsed, setBrowsed] = useState<number | null>(null);
  const { report, client, contents, secret } = backup;
  const encryption = encryptionOf(report);
  const isOpenable = client !== null && !(report.kind === "original" && report.isEncrypted);
  const isUnlocked = encryption === "none";
  useEffect(() => {
    if (isOpenable && isUnlocked && secret === null) void openBackup({});
  }, [isOpenable, isUnlocked, secret]);
  const outcome = useRef<HTMLDivElement>(null);
  const isOpen = contents !== null;
  useEffect(() => {
    // The form that had the focus is gone.
    if (isOpen && !isUnlocked) outcome.current?.focus();
  }, [isOpen, isUnlocked]);
  const lastBrowsed = useRef<number | null>(null);
  const table = browsed === null ? undefined : contents?.tables[browsed];
  return (
    <>
      <Card>
        <div className="pba:grid pba:gap-4">
          <ArchiveTitle backup={backup} />
          <div>
            <Button size="small" onClick={() => router.push(paths.restore)}>
              Choose another file
            </Button>
          </div>
        </div>
      </Card>
      {!isOpenable && <CannotLookInside report={report} sizeBytes={backup.archive.file.size} />}
      {isOpenable && !contents && !isUnlocked && backup.verification.name === "idle" && (
        <OpenForm backup={backup} />
      )}
      {report.kind === "backup" && (
        <div
          ref={outcome}
          tabIndex={-1}
          className="pba:rounded-xl pba:outline-none pba:empty:hidden"
        >
          <VerificationCard backup={backup} />
        </div>
      )}
      {client && contents && table && browsed !== null && (
        <Suspense
          fallback={
            <Loading label="Reading the rows">
              <Skeleton className="pba:h-40" />
            </Loading>
          }
        >
          <RowBrowser
            key={browsed}
            client={client}
            table={table}
            index={browsed}
            canChoose={report.kind === "backup"}
            rows={backup.rows}
            onClose={() => {
              lastBrowsed.current = browsed;
              setBrowsed(null);
            }}
          />
        </Suspense>
      )}
      {contents && !table && (
        <ContentsCard backup={backup} onBrowse={setBrowsed} focused={lastBrowsed.current} />
      )}
      <ContinueToUpload backup={backup} isOpenable={isOpenable} />
    </>
  );
}
