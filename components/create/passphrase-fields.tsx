import { useState } from "react";
import type { EncryptionPolicy } from "../../lib/shared/api.ts";
import { CopyButton } from "../common/copy-button.tsx";
import { estimateBits, GENERATED_BITS, generatePassphrase, strengthOf } from "../passphrase.ts";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Dices } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import { SecretInput } from "../ui/secret-input.tsx";
import type { EncryptionDraft, EncryptionProblems } from "./encryption-draft.ts";

export interface EncryptionFieldsProps {
  databaseName: string;
  policy: EncryptionPolicy;
  draft: EncryptionDraft;
  onChange: (draft: EncryptionDraft) => void;
  problems: EncryptionProblems;
}

export function PassphraseFields(props: EncryptionFieldsProps) {
  const { databaseName, draft, onChange, problems } = props;
  const [isShown, setIsShown] = useState(false);
  const generate = () => {
    const generated = generatePassphrase();
    setIsShown(true);
    onChange({ ...draft, generated, passphrase: generated, repeated: generated });
  };
  return (
    <div className="pba:grid pba:gap-5">
      <Notice tone="accent" title="The passphrase is not stored">
        <p>
          No one can open this backup without it, not even the people who run this app. Save it in a
          password manager before you rely on the file.
        </p>
      </Notice>
      {/* A password manager saves the passphrase under this name. */}
      <input
        type="text"
        name="username"
        autoComplete="username"
        value={`backup of ${databaseName}`}
        readOnly
        hidden
      />
      <div className="pba:grid pba:items-start pba:gap-5 pba:@2xl:grid-cols-2">
        <Field
          label="Passphrase"
          problems={problems.passphrase}
          hint={draft.passphrase !== "" && <StrengthHint {...props} />}
        >
          {(control) => (
            <SecretInput
              {...control}
              name="passphrase"
              autoComplete="new-password"
              value={draft.passphrase}
              onChange={(event) => onChange({ ...draft, passphrase: event.target.value })}
              isShown={isShown}
              onShow={setIsShown}
            />
          )}
        </Field>
        <Field label="Repeat passphrase" problems={problems.repeated}>
          {(control) => (
            <SecretInput
              {...control}
              name="passphrase-repeated"
              autoComplete="new-password"
              value={draft.repeated}
              onChange={(event) => onChange({ ...draft, repeated: event.target.value })}
              isShown={isShown}
            />
          )}
        </Field>
      </div>
      <div className="pba:flex pba:flex-wrap pba:gap-2">
        <Button size="small" onClick={generate}>
          <Dices aria-hidden />
          Generate a passphrase
        </Button>
        {draft.passphrase !== "" && <CopyButton text={draft.passphrase} label="Copy passphrase" />}
      </div>
    </div>
  );
}

const LEVELS = {
  weak: { name: "Weak", tone: "bad" },
  fair: { name: "Fair", tone: "warn" },
  good: { name: "Good", tone: "good" },
  strong: { name: "Strong", tone: "good" },
} as const;

function StrengthHint({ draft }: EncryptionFieldsProps) {
  const isGenerated = draft.passphrase === draft.generated;
  const bits = isGenerated ? GENERATED_BITS : estimateBits(draft.passphrase);
  const { level, fraction, guessing } = strengthOf(bits);
  const { name, tone } = LEVELS[level];
  return (
    <div className="pba:grid pba:gap-1.5">
      <Progress
        label="Strength"
        fraction={fraction}
        valueText={name}
        tone={tone}
        className="pba:h-1.5"
      />
      <p>
        <strong className="pba:font-medium pba:text-ink">{name}.</strong>{" "}
        {isGenerated ? "Guessing it takes" : "By a rough estimate, guessing it takes"} {guessing}
        {level === "weak" && ". A generated passphrase is safer"}.
      </p>
    </div>
  );
}
