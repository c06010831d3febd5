import { useRouter } from "next/navigation";
import type { Unlock } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { usePanel } from "../panel-context.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { ArchiveTitle, encryptionOf } from "./archive-title.tsx";
import { type ChosenBackup, countChosenRows, forgetBackup, scopeOf } from "./chosen-file-store.ts";
import { UnlockForm } from "./unlock-form.tsx";
import { UploadProgress } from "./upload-progress.tsx";
import { useUpload } from "./use-upload.ts";

interface UploadingProps {
  backup: ChosenBackup;
  onCreated: () => void;
}

/** Uploads the chosen backup, then starts the check. */
export default function Uploading({ backup, onCreated }: UploadingProps) {
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
                uploaded, because the server checks all of it.
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
