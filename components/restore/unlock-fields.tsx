import { useState } from "react";
import type { EncryptionMode, Unlock } from "../../lib/shared/api.ts";
import { Field } from "../ui/field.tsx";
import { SecretInput } from "../ui/secret-input.tsx";
import { IdentityField } from "./identity-field.tsx";

/** The passphrase or private key as typed so far. */
export function useUnlockDraft(mode: EncryptionMode) {
  const [passphrase, setPassphrase] = useState("");
  const [identity, setIdentity] = useState("");
  const unlock: Unlock =
    mode === "passphrase" ? { passphrase } : mode === "recipients" ? { identity } : {};
  const isComplete = Object.values(unlock).every((secret) => secret.trim() !== "");
  return { mode, unlock, isComplete, passphrase, setPassphrase, identity, setIdentity };
}

interface UnlockFieldsProps {
  draft: ReturnType<typeof useUnlockDraft>;
  /** `@vorlefan/prisma-backup` calls it a password, so its users know it by that word. */
  isOriginal: boolean;
  /** Says which passphrase it is, if not the one that was chosen when this backup was made. */
  which?: string;
  /** Says what happens to the passphrase or private key. */
  promise: string;
}

export function UnlockFields({ draft, isOriginal, which, promise }: UnlockFieldsProps) {
  const [isShown, setIsShown] = useState(false);
  switch (draft.mode) {
    case "passphrase":
      return (
        <div className="pba:max-w-md">
          <Field
            label={isOriginal ? "Password" : "Passphrase"}
            hint={`${which ?? `The one that was ${isOriginal ? "given to PrismaBackup" : "chosen"} when this backup was made.`} ${promise}`}
          >
            {(control) => (
              <SecretInput
                {...control}
                name="passphrase"
                autoComplete="current-password"
                value={draft.passphrase}
                onChange={(event) => draft.setPassphrase(event.target.value)}
                isShown={isShown}
                onShow={setIsShown}
                noun={isOriginal ? "password" : "passphrase"}
              />
            )}
          </Field>
        </div>
      );
    case "recipients":
      return (
        <IdentityField value={draft.identity} onChange={draft.setIdentity} promise={promise} />
      );
    case "none":
      return null;
    default:
      throw draft.mode satisfies never;
  }
}
