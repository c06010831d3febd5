import { type FormEvent, useEffect, useRef, useState } from "react";
import type { EncryptionMode, Unlock } from "../../lib/shared/api.ts";
import { VERDICT_TITLES, verdictOfError } from "../../lib/shared/archive-verdict.ts";
import { ApiError } from "../api.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { StickyActions } from "../common/sticky-actions.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ShieldCheck } from "../ui/icons.ts";
import { RadioCards } from "../ui/radio-cards.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { UnlockFields, useUnlockDraft } from "./unlock-fields.tsx";

interface UnlockFormProps {
  /** Null if the file was too large to find out. Then the person chooses. */
  encryption: EncryptionMode | null;
  /** What opened the backup in the browser. */
  secret: Unlock | null;
  /** `@vorlefan/prisma-backup` calls it a password, so its users know it by that word. */
  isOriginal: boolean;
  /** Whether the server has the file. Otherwise the upload begins. */
  isUploaded: boolean;
  isChecking: boolean;
  onSubmit: (unlock: Unlock) => void;
  onCancel: () => void;
  /** The error of the last attempt. */
  error: Error | null;
}

export function UnlockForm(props: UnlockFormProps) {
  const { encryption, secret, isOriginal, isUploaded, isChecking, error, onCancel } = props;
  const [mode, setMode] = useState<EncryptionMode>(encryption ?? "passphrase");
  const draft = useUnlockDraft(mode);
  // What opened the backup in the browser is asked for again only if the server rejects it.
  const known = verdictOf(error)?.startsWith("wrong-") ? null : secret;
  const unlock = known ?? draft.unlock;
  const isComplete = known !== null || draft.isComplete;
  const canSubmit = isComplete && !isChecking;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // After a wrong passphrase, the person can type it again at once.
    if (error)
      form.current?.querySelector<HTMLElement>("input[name=passphrase], textarea")?.focus();
  }, [error]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (canSubmit) props.onSubmit(unlock);
  };
  return (
    <form ref={form} onSubmit={submit} className="pba:contents">
      {(encryption !== "none" || error) && (
        <Card title="Open and check">
          <div className="pba:grid pba:gap-5">
            {encryption === null && (
              <RadioCards
                label="Encryption"
                className="pba:@3xl:grid-cols-3"
                value={mode}
                onChange={setMode}
                options={[
                  {
                    value: "passphrase",
                    title: "With a passphrase",
                    description:
                      "The passphrase that was typed or generated for this backup. For @vorlefan/prisma-backup, its password.",
                  },
                  {
                    value: "recipients",
                    title: "For age public keys",
                    description: "You need the private key of one of them.",
                  },
                  {
                    value: "none",
                    title: "Not encrypted",
                    description: "You need nothing to open it.",
                  },
                ]}
              />
            )}
            {known ? (
              mode !== "none" && <p className="pba:text-muted">{SECRET_KNOWN[mode]}</p>
            ) : (
              <UnlockFields
                draft={draft}
                isOriginal={isOriginal}
                promise="It is used for the check and not stored."
              />
            )}
            {error && <ErrorNotice error={error} title={isOriginal ? undefined : titleOf(error)} />}
          </div>
        </Card>
      )}
      <StickyActions
        note={`Every ${isOriginal ? "row is read" : "byte is checked"}. Nothing in the database changes yet.`}
      >
        <Button type="submit" variant="primary" disabled={!canSubmit}>
          {isChecking ? <Spinner /> : <ShieldCheck aria-hidden />}
          {isUploaded ? "Check backup" : "Upload and check"}
        </Button>
        {isUploaded && <Button onClick={onCancel}>Cancel upload</Button>}
      </StickyActions>
    </form>
  );
}

const SECRET_KNOWN: Record<EncryptionMode, string> = {
  passphrase: "The passphrase that you typed is used again. It is not stored.",
  recipients: "The private key that you gave is used again. It is not stored.",
  none: "",
};

const verdictOf = (error: Error | null) =>
  error instanceof ApiError ? verdictOfError(error.report) : null;

/** The same words as in the browser's check. */
function titleOf(error: Error): string | undefined {
  const verdict = verdictOf(error);
  return verdict ? VERDICT_TITLES[verdict] : undefined;
}
