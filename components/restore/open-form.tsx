import { type FormEvent, useEffect, useRef, useState } from "react";
import { VERDICT_TITLES } from "../../lib/shared/archive-verdict.ts";
import type { Fault } from "../local/archive-problem.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { LockOpen } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { encryptionOf } from "./archive-title.tsx";
import { type ChosenBackup, openBackup } from "./chosen-file-store.ts";
import { UnlockFields, useUnlockDraft } from "./unlock-fields.tsx";

/** Asks for the passphrase or private key that opens the backup in the browser. */
export function OpenForm({ backup }: { backup: ChosenBackup }) {
  const draft = useUnlockDraft(encryptionOf(backup.report) ?? "none");
  const [fault, setFault] = useState<Fault | null>(null);
  const [isOpening, setIsOpening] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // The person can type it again at once.
    if (fault)
      form.current?.querySelector<HTMLElement>("input[name=passphrase], textarea")?.focus();
  }, [fault]);
  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (!draft.isComplete || isOpening) return;
    setIsOpening(true);
    setFault(null);
    const next = await openBackup(draft.unlock);
    setFault(next);
    setIsOpening(false);
  };
  const isWrong = fault?.kind === "wrong-passphrase" || fault?.kind === "wrong-identity";
  return (
    <Card title="Open it here">
      <form ref={form} onSubmit={submit} className="pba:grid pba:gap-5">
        <UnlockFields
          draft={draft}
          isOriginal={false}
          promise="It stays in this page. The check on the server uses it again."
        />
        {isWrong && (
          <Notice tone="bad" role="alert" title={VERDICT_TITLES[fault.kind]}>
            <p>{fault.message}</p>
            <p>{fault.hint}</p>
          </Notice>
        )}
        <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-2">
          <Button
            type="submit"
            variant="primary"
            aria-disabled={isOpening}
            disabled={!draft.isComplete}
          >
            {isOpening ? <Spinner /> : <LockOpen aria-hidden />}
            Look inside
          </Button>
          <p className="pba:text-muted" role="status">
            {isOpening ? "Opening it takes a few seconds." : ""}
          </p>
        </div>
      </form>
    </Card>
  );
}
