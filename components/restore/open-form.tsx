import { type FormEvent, useEffect, useRef, useState } from "react";
import { VERDICT_TITLES } from "../../lib/shared/archive-verdict.ts";
import { StickyActions } from "../common/sticky-actions.tsx";
import type { Fault } from "../local/archive-problem.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ShieldCheck } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { encryptionOf } from "./archive-title.tsx";
import { type ChosenBackup, openBackup, setUpload } from "./chosen-file-store.ts";
import { UnlockFields, useUnlockDraft } from "./unlock-fields.tsx";

/** Asks for the passphrase or private key that opens the backup in the browser. */
export function OpenForm({ backup }: { backup: ChosenBackup }) {
  const draft = useUnlockDraft(encryptionOf(backup.report) ?? "none");
  const [fault, setFault] = useState<Fault | null>(null);
  const [isOpening, setIsOpening] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: after a fault, the person can type it again at once
  useEffect(() => {
    form.current?.querySelector<HTMLElement>("input[name=passphrase], textarea")?.focus();
  }, [fault]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    const { submitter } = event.nativeEvent as SubmitEvent;
    if (submitter?.getAttribute("value") === LOOK) setUpload("on-request");
    if (!draft.isComplete || isOpening) return;
    setIsOpening(true);
    setFault(null);
    const next = await openBackup(draft.unlock);
    setFault(next);
    setIsOpening(false);
  };
  const isWrong = fault?.kind === "wrong-passphrase" || fault?.kind === "wrong-identity";
  return (
    <form ref={form} onSubmit={submit} className="pba:contents">
      <Card title="Open it">
        <div className="pba:grid pba:gap-5">
          <UnlockFields
            draft={draft}
            isOriginal={false}
            promise="It is sent to the server when the upload is checked, and not stored."
          />
          {isWrong && (
            <Notice tone="bad" role="alert" title={VERDICT_TITLES[fault.kind]}>
              <p>{fault.hint}</p>
            </Notice>
          )}
        </div>
      </Card>
      <StickyActions
        note={<p role="status">{isOpening ? "Opening it takes a few seconds." : ""}</p>}
      >
        <Button
          type="submit"
          variant="primary"
          aria-disabled={isOpening}
          disabled={!draft.isComplete}
        >
          {isOpening ? <Spinner /> : <ShieldCheck aria-hidden />}
          Check this backup
        </Button>
        {backup.upload === "by-itself" && (
          <Button type="submit" value={LOOK} aria-disabled={isOpening} disabled={!draft.isComplete}>
            Only look inside
          </Button>
        )}
      </StickyActions>
    </form>
  );
}

/** The value of the button that opens the backup, and lets nothing be uploaded. */
const LOOK = "look";
