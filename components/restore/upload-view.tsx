import { lazy, type ReactNode, Suspense, useState } from "react";
import { PageHeader } from "../common/page-header.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { ChooseFile } from "./choose-file.tsx";
import { useChosenBackup } from "./chosen-file-store.ts";
import { RestoreSteps } from "./restore-steps.tsx";

// Loaded when needed: it contains tus-js-client, a tenth of the panel, which the other pages do not need.
const Uploading = lazy(() => import("./uploading.tsx"));

/** The third step: upload the backup, so that the server can check it. */
export function UploadView() {
  const backup = useChosenBackup();
  const [isCreated, setIsCreated] = useState(false);
  const around = useHeadingFocus("restore/upload");
  return (
    <>
      <div ref={around} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
        <PageHeader
          back
          title="Upload and check"
          description="The server checks the file and compares it with this database. Nothing in the database changes yet."
        />
        <RestoreSteps current="upload" />
      </div>
      {isCreated ? (
        <Waiting>The check begins</Waiting>
      ) : backup ? (
        <Suspense fallback={<Waiting>The upload begins</Waiting>}>
          <Uploading
            key={backup.archive.file.name}
            backup={backup}
            onCreated={() => setIsCreated(true)}
          />
        </Suspense>
      ) : (
        <>
          <ChooseAgain />
          <ChooseFile />
        </>
      )}
    </>
  );
}

/** Shown after a reload: the file and its passphrase or private key are lost then. */
export function ChooseAgain() {
  return (
    <Notice>
      <p>Reloading cleared your file. Choose the backup again.</p>
    </Notice>
  );
}

function Waiting({ children }: { children: ReactNode }) {
  return (
    <Card>
      <p role="status" className="pba:flex pba:items-center pba:gap-3">
        <Spinner />
        {children}
      </p>
    </Card>
  );
}
