import { useRouter } from "next/navigation";
import { useState } from "react";
import type { Unlock } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { PageHeader } from "../common/page-header.tsx";
import { useHeadingFocus } from "../operation/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { ArchiveTitle, encryptionOf } from "./archive-title.tsx";
import { ChooseFile } from "./choose-file.tsx";
import {
  type ChosenBackup,
  countChosenRows,
  forgetBackup,
  scopeOf,
  useChosenBackup,
} from "./chosen-file-store.ts";
import { RestoreSteps } from "./restore-steps.tsx";
import { UnlockForm } from "./unlock-form.tsx";
import { UploadProgress } from "./upload-progress.tsx";
import { useUpload } from "./use-upload.ts";

/** The third step: is the server able to restore it? */
export function UploadView() {
  const { paths } = usePanel();
  const backup = useChosenBackup();
  const [isCreated, setIsCreated] = useState(false);
  const around = useHeadingFocus("restore/upload");
  return (
    <>
      <div ref={around} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
        <PageHeader
          back
          title="Upload and check"
          description="The file is uploaded and compared with this database. Nothing in the database changes yet."
        />
        <RestoreSteps
          current="upload"
          links={{ choose: paths.restore, ...(backup && { inside: paths.restoreInside }) }}
        />
      </div>
      {isCreated ? (
        <Card>
          <p role="status" className="pba:flex pba:items-center pba:gap-3">
            <Spinner />
            The check begins
          </p>
        </Card>
      ) : backup ? (
        <Uploading
          key={backup.archive.file.name}
          backup={backup}
          onCreated={() => setIsCreated(true)}
        />
      ) : (
        <>
          <ChooseAgain />
          <ChooseFile />
        </>
      )}
    </>
  );
}

/** A file, and the secret that opens it, never outlive the page. */
export function ChooseAgain() {
  return (
    <Notice>
      <p>Choose the backup again: a page that is loaded anew has forgotten which file it was.</p>
    </Notice>
  );
}

function Uploading({ backup, onCreated }: { backup: ChosenBackup; onCreated: () => void }) {
  const { api, queries, paths } = usePanel();
  const router = useRouter();
  const upload = useUpload(backup.archive.file, api.uploadsUrl);
  const check = usePromptMutation(queries.createRestore);
  const submit = (unlock: Unlock) => {
    if (upload.state.name !== "uploaded" || check.isPending) return;
    const scope = scopeOf(backup);
    check.mutate(
      { ...unlock, uploadId: upload.state.uploadId, ...(scope && { scope }) },
      {
        onSuccess: (operation) => {
          upload.forget();
          onCreated();
          forgetBackup();
          router.push(paths.operation(operation.id));
        },
      },
    );
  };
  return (
    <>
      <Card>
        <div className="pba:grid pba:gap-5">
          <ArchiveTitle backup={backup} />
          {backup.rows.size > 0 && (
            <Notice tone="accent">
              <p>
                Only the {formatNoun(countChosenRows(backup.rows), "row")} that you chose{" "}
                {countChosenRows(backup.rows) === 1 ? "comes" : "come"} back. The whole file is
                uploaded, since all of it is checked.
              </p>
            </Notice>
          )}
          <UploadProgress
            upload={upload}
            onCancel={() => {
              upload.cancel();
              forgetBackup();
              router.push(paths.restore);
            }}
          />
        </div>
      </Card>
      <UnlockForm
        encryption={encryptionOf(backup.report)}
        secret={backup.secret}
        isOriginal={backup.report.kind === "original"}
        isUploaded={upload.state.name === "uploaded"}
        isChecking={check.isPending || check.isSuccess}
        error={check.error}
        onSubmit={submit}
      />
    </>
  );
}
