import { useCallback, useEffect, useState } from "react";
import type { EncryptionPolicy } from "../../lib/shared/api.ts";
import { CopyButton } from "../common/copy-button.tsx";
import { estimateBits, generatePassphrase, strengthOf } from "../passphrase.ts";
import { Button } from "../ui/button.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field, Problems } from "../ui/field.tsx";
import { Dices } from "../ui/icons.ts";
import { Progress } from "../ui/progress.tsx";
import { SecretInput } from "../ui/secret-input.tsx";
import type { EncryptionDraft, EncryptionProblems } from "./encryption-draft.ts";

export interface EncryptionFieldsProps {
  databaseName: string;
  policy: EncryptionPolicy;
  draft: EncryptionDraft;
  onChange: (change: Partial<EncryptionDraft>) => void;
  problems: EncryptionProblems;
}

export function PassphraseFields(props: EncryptionFieldsProps) {
  const { typesOwn } = props.draft;
  return (
    <div className="pba:grid pba:gap-4">
      {/* A password manager saves the passphrase under this name. */}
      <input
        type="text"
        name="username"
        autoComplete="username"
        value={`backup of ${props.databaseName}`}
        readOnly
        hidden
      />
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-2">
        <p className="pba:font-medium">{typesOwn ? "Your passphrase" : "Your new passphrase"}</p>
        <Button
          size="small"
          variant="ghost"
          className="pba:-mr-3"
          onClick={() => props.onChange({ typesOwn: !typesOwn })}
        >
          {typesOwn ? "Generate a passphrase" : "Type my own"}
        </Button>
      </div>
      {typesOwn ? <OwnPassphrase {...props} /> : <NewPassphrase {...props} />}
    </div>
  );
}

/** Shows a new passphrase, once: no other page has it. */
function NewPassphrase({ draft, onChange, problems }: EncryptionFieldsProps) {
  const { generated, hasSaved } = draft;
  const generate = useCallback(
    () =>
      generatePassphrase().then(
        (next) => onChange({ generated: next, hasSaved: false }),
        // The list of words could not be loaded.
        () => onChange({ typesOwn: true }),
      ),
    [onChange],
  );
  useEffect(() => {
    if (generated === null) void generate();
  }, [generated, generate]);
  return (
    <>
      <output
        aria-label="New passphrase"
        className="pba:block pba:min-h-12 pba:rounded-lg pba:bg-sunken pba:px-4 pba:py-3 pba:font-mono pba:text-base pba:break-words pba:select-all"
      >
        {generated}
      </output>
      {/* A password manager offers to save only what such a field holds. */}
      <input
        type="password"
        name="passphrase"
        autoComplete="new-password"
        value={generated ?? ""}
        readOnly
        tabIndex={-1}
        aria-hidden
        className="pba:sr-only"
      />
      <div className="pba:flex pba:flex-wrap pba:gap-2">
        <CopyButton text={generated ?? ""} label="Copy passphrase" />
        <Button size="small" onClick={generate}>
          <Dices aria-hidden />
          Another one
        </Button>
      </div>
      <p className="pba:text-muted">
        Save it in a password manager now. It is not stored, and you see it only here. Without it,
        no one can open this backup, not even the people who run this app.
      </p>
      <div>
        {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is the Checkbox inside. */}
        <label className="pba:flex pba:w-fit pba:cursor-pointer pba:items-center pba:gap-3 pba:font-medium">
          <Checkbox
            aria-invalid={problems.hasSaved ? true : undefined}
            checked={hasSaved}
            onCheckedChange={(checked) => onChange({ hasSaved: checked === true })}
          />
          I have saved the passphrase
        </label>
        <Problems of={problems.hasSaved} />
      </div>
    </>
  );
}

function OwnPassphrase(props: EncryptionFieldsProps) {
  const { draft, onChange, problems } = props;
  const [isShown, setIsShown] = useState(false);
  return (
    <>
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
              onChange={(event) => onChange({ passphrase: event.target.value })}
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
              onChange={(event) => onChange({ repeated: event.target.value })}
              isShown={isShown}
            />
          )}
        </Field>
      </div>
      <p className="pba:text-muted">
        The passphrase is not stored. Without it, no one can open this backup, not even the people
        who run this app.
      </p>
    </>
  );
}

const LEVELS = {
  weak: { name: "Weak", tone: "bad" },
  fair: { name: "Fair", tone: "warn" },
  good: { name: "Good", tone: "good" },
  strong: { name: "Strong", tone: "good" },
} as const;

function StrengthHint({ draft }: EncryptionFieldsProps) {
  const { level, fraction, guessing } = strengthOf(estimateBits(draft.passphrase));
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
        <strong className="pba:font-medium pba:text-ink">{name}.</strong> By a rough estimate,
        guessing it takes {guessing}
        {level === "weak" && ". A generated passphrase is safer"}.
      </p>
    </div>
  );
}
