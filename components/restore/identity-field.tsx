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
    ? ["This is too long for an identity file."]
    : isKey
      ? undefined
      : [
          "An identity begins with AGE-SECRET-KEY-1. What begins with age1 is a recipient, which only locks.",
        ];
  return (
    <div className="pba:grid pba:gap-3">
      <Field
        label="Identity"
        problems={problems}
        hint={`The text of the identity file of one of the recipients. ${promise}`}
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
          aria-label="Identity file"
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
