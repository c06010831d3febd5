import type { MouseEvent } from "react";
import { StickyActions } from "../common/sticky-actions.tsx";
import { Button } from "../ui/button.tsx";
import { ArrowRight, Pause, Play, Upload } from "../ui/icons.ts";
import {
  type ChosenBackup,
  cancelVerification,
  hasPassed,
  isFaulty,
  isOpenable,
  verifyBackup,
} from "./chosen-file-store.ts";
import type { RunningUpload } from "./use-upload.ts";

interface RestoreActionsProps {
  backup: ChosenBackup;
  /** Null before the upload. */
  upload: RunningUpload | null;
  isCreating: boolean;
  /** Whether the page waits for the person after the upload. */
  stays: boolean;
  /** Begins the upload, or lets a page that stays go on. */
  begin: () => void;
  cancel: () => void;
  chooseOther: () => void;
}

/** What the person can do while the backup is checked and uploaded. */
export function RestoreActions(props: RestoreActionsProps) {
  const { backup, upload, isCreating, stays, begin, cancel, chooseOther } = props;
  const { verification, rows } = backup;
  if (upload) {
    const isPaused = upload.state.name === "paused";
    return (
      <StickyActions
        note={
          stays
            ? "This page waits for you, because you are looking inside."
            : "You can cancel the upload. Nothing was changed."
        }
      >
        {stays && (
          <Button variant="primary" onClick={begin}>
            <ArrowRight aria-hidden />
            {rows.size > 0 ? "Restore these rows" : "Go on"}
          </Button>
        )}
        {/* One button for both states, so that it keeps the focus. */}
        {(isPaused || upload.state.name === "uploading") && (
          <Button onClick={first(isPaused ? upload.resume : upload.pause)}>
            {isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
            {isPaused ? "Resume" : "Pause"}
          </Button>
        )}
        {!isCreating && <Button onClick={first(cancel)}>Cancel upload</Button>}
      </StickyActions>
    );
  }
  const hasEnded = verification.name !== "running" && verification.name !== "idle";
  if (isOpenable(backup) && !hasEnded && !hasPassed(backup)) {
    return (
      <StickyActions note={"Nothing was uploaded yet."}>
        <Button onClick={first(cancelVerification)}>Cancel</Button>
      </StickyActions>
    );
  }
  return (
    <StickyActions
      note={
        backup.upload === "cancelled"
          ? "The upload was cancelled. Nothing was changed."
          : !isFaulty(backup) && "Nothing was uploaded yet."
      }
    >
      {isFaulty(backup) && (
        <Button variant="primary" onClick={chooseOther}>
          Choose another file
        </Button>
      )}
      {verification.name === "cancelled" && (
        <Button variant="primary" onClick={() => void verifyBackup()}>
          Check it
        </Button>
      )}
      <Button variant={isGood(backup) ? "primary" : "secondary"} onClick={begin}>
        <Upload aria-hidden />
        {labelOf(backup)}
      </Button>
    </StickyActions>
  );
}

/** Ignores the second click of a double click, which was meant for the button that was here before. */
const first = (act: () => void) => (event: MouseEvent) => {
  if (event.detail < 2) act();
};

/** Only the server can check what the browser cannot open. */
const isGood = (backup: ChosenBackup) => hasPassed(backup) || !isOpenable(backup);

function labelOf(backup: ChosenBackup): string {
  if (backup.rows.size > 0) return "Restore these rows";
  if (isFaulty(backup)) return "Upload this backup anyway";
  return isGood(backup) ? "Upload this backup" : "Upload without this check";
}
