import { useRouter } from "next/navigation";
import { useEffect, useState } from "react";
import type { Unlock } from "../../lib/shared/api.ts";
import { formatPercent } from "../../lib/shared/format.ts";
import { useTitlePrefix } from "../common/use-title-prefix.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { ArchiveTitle, encryptionOf } from "./archive-title.tsx";
import { CannotLookInside } from "./cannot-look-inside.tsx";
import {
  type ChosenBackup,
  forgetBackup,
  hasPassed,
  isFaulty,
  isOpenable,
  openBackup,
  scopeOf,
  setUpload,
} from "./chosen-file-store.ts";
import { ChosenRows } from "./chosen-rows.tsx";
import { LookInside } from "./look-inside.tsx";
import { OpenForm } from "./open-form.tsx";
import { RestoreActions } from "./restore-actions.tsx";
import { RestoreHeader } from "./restore-header.tsx";
import type { RestorePlace } from "./restore-place.ts";
import { UnlockForm } from "./unlock-form.tsx";
import { UploadProgress, uploadedFraction } from "./upload-progress.tsx";
import { useUpload } from "./use-upload.ts";
import { VerificationCard } from "./verification-card.tsx";

interface CheckAndUploadProps {
  backup: ChosenBackup;
  isUploading: boolean;
  goTo: (place: RestorePlace, how?: "push") => void;
  onCreated: () => void;
}

/** Checks the chosen backup in the browser, then uploads it, then has the server check it. */
export function CheckAndUpload({ backup, isUploading, goTo, onCreated }: CheckAndUploadProps) {
  const { api, queries, paths } = usePanel();
  const router = useRouter();
  const upload = useUpload(isUploading ? backup.archive.file : null, api.uploadsUrl);
  const create = usePromptMutation(queries.createRestore);
  /** After an error, the form stays, also while the server checks again. */
  const [asks, setAsks] = useState(false);
  /** Whoever looks inside is not sent to the next page. */
  const [stays, setStays] = useState(false);
  const { secret, verification } = backup;
  const encryption = encryptionOf(backup.report);
  const canOpen = isOpenable(backup);

  const begin = (unlock = secret) => {
    setStays(false);
    setUpload("begun", unlock);
    goTo("upload");
  };
  const cancel = () => {
    upload.cancel();
    create.reset();
    setAsks(false);
    setUpload("cancelled");
    goTo("inside");
  };
  const chooseOther = () => goTo("choose", "push");
  const createRestore = (unlock: Unlock) => {
    if (upload.state.name !== "uploaded" || create.isPending) return;
    const scope = scopeOf(backup);
    setUpload("begun", unlock);
    create.mutate(
      { ...unlock, uploadId: upload.state.uploadId, ...(scope && { scope }) },
      {
        onSuccess: ({ id }) => {
          upload.forget();
          onCreated();
          forgetBackup();
          router.replace(paths.operation(id));
        },
        onError: () => setAsks(true),
      },
    );
  };

  const opensItself = canOpen && encryption === "none" && secret === null;
  const uploadsItself = backup.upload === "by-itself" && hasPassed(backup);
  const goesOn = isUploading && upload.state.name === "uploaded" && !stays && create.isIdle;
  // biome-ignore lint/correctness/useExhaustiveDependencies: each happens once, as soon as it can
  useEffect(() => {
    if (opensItself) void openBackup({});
    if (uploadsItself) begin();
    if (goesOn && secret) createRestore(secret);
  }, [opensItself, uploadsItself, goesOn]);

  const isLocked = canOpen && secret === null && !opensItself;
  const asksForKey = isLocked || asks || (!canOpen && secret === null);
  const title = isUploading ? "Uploading this backup" : "Check this backup";
  useTitlePrefix(isUploading ? formatPercent(uploadedFraction(upload.state)) : null);
  return (
    <>
      <RestoreHeader
        page="restore/file"
        state={`${isLocked} ${verification.name} ${isUploading} ${create.status}`}
        step={isUploading ? "upload" : "choose"}
        title={title}
        description={descriptionOf(backup, isUploading, asksForKey)}
      />
      <Card>
        <div className="pba:grid pba:gap-4">
          <ArchiveTitle backup={backup} />
          {isUploading ? (
            <UploadProgress upload={upload} isCreating={create.isPending} />
          ) : (
            !isFaulty(backup) && (
              <div>
                <Button size="small" onClick={chooseOther}>
                  Choose another file
                </Button>
              </div>
            )
          )}
        </div>
      </Card>
      {!canOpen && !isUploading && (
        <CannotLookInside report={backup.report} sizeBytes={backup.archive.file.size} />
      )}
      <VerificationCard backup={backup} />
      <LookInside backup={backup} onLook={() => setStays(true)} />
      <ChosenRows backup={backup} />
      {isLocked ? (
        <OpenForm backup={backup} />
      ) : asksForKey ? (
        <UnlockForm
          encryption={encryption}
          secret={secret}
          isOriginal={backup.report.kind === "original"}
          isUploaded={isUploading}
          isChecking={create.isPending}
          error={create.error}
          onSubmit={(unlock) => (isUploading ? createRestore(unlock) : begin(unlock))}
          onCancel={cancel}
        />
      ) : (
        <RestoreActions
          {...{ backup, stays, cancel }}
          upload={isUploading ? upload : null}
          isCreating={create.isPending}
          begin={() => begin()}
          chooseOther={chooseOther}
        />
      )}
    </>
  );
}

/** @param asksForKey the buttons do not yet say that nothing was uploaded */
function descriptionOf(backup: ChosenBackup, isUploading: boolean, asksForKey: boolean): string {
  if (isUploading) {
    return "The server checks it again and compares it with this database. Nothing in the database changes yet.";
  }
  if (isFaulty(backup)) return "Your browser checked it on this computer.";
  return backup.upload === "by-itself"
    ? "Your browser checks it on this computer. If it passes, the upload begins by itself."
    : `Your browser checks it on this computer.${asksForKey ? " Nothing is uploaded until you say so." : ""}`;
}
