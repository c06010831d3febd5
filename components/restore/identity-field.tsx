import { useRef } from "react";
import { Button } from "../ui/button.tsx";
import { Field } from "../ui/field.tsx";
import { Textarea } from "../ui/input.tsx";

/** The API's limit. */
const MAX_IDENTITY_CHARACTERS = 65_536;

interface IdentityFieldProps {
  value: string;
  onChange: (identity: string) => void;
  /** Says what happens to the private key. */
  promise?: string;
}

export function IdentityField({
  value,
  onChange,
  promise = "It is used for the check and not stored.",
}: IdentityFieldProps) {
  const input = useRef<HTMLInputElement>(null);
  const isKey = value.trim() === "" || /AGE-SECRET-KEY-/i.test(value);
  const isShort = value.length <= MAX_IDENTITY_CHARACTERS;
  const problems = !isShort
    ? ["This is too long for a file with a private key."]
    : isKey
      ? undefined
      : [
          "A private key begins with AGE-SECRET-KEY-1. A key that begins with age1 is a public key, which cannot open a backup.",
        ];
  return (
    <div className="pba:grid pba:gap-3">
      <Field
        label="Private key"
        problems={problems}
        hint={`The private key that belongs to one of the public keys (AGE-SECRET-KEY-1…), or the whole key file of age-keygen. ${promise}`}
      >
        {(control) => (
          <Textarea
            {...control}
            value={value}
            onChange={(event) => onChange(event.target.value)}
            placeholder="AGE-SECRET-KEY-1…"
            rows={3}
            autoCapitalize="off"
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </Field>
      <div>
        <Button size="small" onClick={() => input.current?.click()}>
          Read it from a file
        </Button>
        <input
          ref={input}
          type="file"
          aria-label="Private key file"
          tabIndex={-1}
          className="pba:sr-only"
          onChange={async (event) => {
            const file = event.target.files?.item(0);
            if (file) onChange(await file.slice(0, MAX_IDENTITY_CHARACTERS + 1).text());
          }}
        />
      </div>
    </div>
  );
}
