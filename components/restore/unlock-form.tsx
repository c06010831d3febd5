import { ShieldCheck } from "lucide-react";
import { type FormEvent, useEffect, useRef, useState } from "react";
import type { EncryptionMode, Unlock } from "../../lib/shared/api.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Field } from "../ui/field.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";
import { SecretInput } from "../ui/secret-input.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { IdentityField } from "./identity-field.tsx";

interface UnlockFormProps {
  /** Null where the file was too large to find out: the person says it. */
  encryption: EncryptionMode | null;
  /** What `@vorlefan/prisma-backup` wrote has a password, which is what its users know it by. */
  isOriginal: boolean;
  isUploaded: boolean;
  isChecking: boolean;
  onSubmit: (unlock: Unlock) => void;
  /** What went wrong with the last try. */
  error: Error | null;
}

export function UnlockForm(props: UnlockFormProps) {
  const { encryption, isOriginal, isUploaded, isChecking, error } = props;
  const [mode, setMode] = useState<EncryptionMode>(encryption ?? "passphrase");
  const [passphrase, setPassphrase] = useState("");
  const [identity, setIdentity] = useState("");
  const [isShown, setIsShown] = useState(false);
  const unlock: Unlock =
    mode === "passphrase" ? { passphrase } : mode === "recipients" ? { identity } : {};
  const isComplete = Object.values(unlock).every((secret) => secret.trim() !== "");
  const canSubmit = isUploaded && isComplete && !isChecking;
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    // A wrong passphrase is typed again at once.
    if (error)
      form.current?.querySelector<HTMLElement>("input[name=passphrase], textarea")?.focus();
  }, [error]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (canSubmit) props.onSubmit(unlock);
  };
  return (
    <Card title="Open and check">
      <form ref={form} onSubmit={submit} className="pba:grid pba:gap-5">
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
                  "It was typed or generated when the backup was made. For @vorlefan/prisma-backup: its password.",
              },
              {
                value: "recipients",
                title: "For age recipients",
                description: "The identity of one of them is needed.",
              },
              {
                value: "none",
                title: "Not encrypted",
                description: "Nothing is needed to open it.",
              },
            ]}
          />
        )}
        {mode === "passphrase" && (
          <div className="pba:max-w-md">
            <Field
              label={isOriginal ? "Password" : "Passphrase"}
              hint={`The one that was ${isOriginal ? "given to PrismaBackup" : "chosen"} when this backup was made. It is used for the check and not stored.`}
            >
              {(control) => (
                <SecretInput
                  {...control}
                  name="passphrase"
                  autoComplete="current-password"
                  value={passphrase}
                  onChange={(event) => setPassphrase(event.target.value)}
                  isShown={isShown}
                  onShow={setIsShown}
                  noun={isOriginal ? "password" : "passphrase"}
                />
              )}
            </Field>
          </div>
        )}
        {mode === "recipients" && <IdentityField value={identity} onChange={setIdentity} />}
        {error && <ErrorNotice error={error} />}
        <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-2">
          <Button type="submit" variant="primary" disabled={!canSubmit}>
            {isChecking ? <Spinner /> : <ShieldCheck aria-hidden />}
            Check backup
          </Button>
          <p className="pba:text-muted">
            {isUploaded
              ? `Every ${isOriginal ? "row is read" : "byte is checked"}. Nothing in the database changes yet.`
              : "Possible as soon as the file is uploaded."}
          </p>
        </div>
      </form>
    </Card>
  );
}
