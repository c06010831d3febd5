import { type ComponentProps, useState } from "react";
import type { EncryptionMode } from "../../lib/shared/api.ts";
import { describeModes } from "../../lib/shared/encryption-policy.ts";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Checkbox } from "../ui/checkbox.tsx";
import { Field, Problems } from "../ui/field.tsx";
import { Textarea } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";
import { type EncryptionFieldsProps, PassphraseFields } from "./passphrase-fields.tsx";

const OPTIONS: Array<ComponentProps<typeof RadioCards<EncryptionMode>>["options"][number]> = [
  {
    value: "passphrase",
    title: "With a passphrase",
    badge: (
      <Badge tone="accent" className="pba:bg-surface pba:ring-1 pba:ring-accent/25">
        Recommended
      </Badge>
    ),
    description: "Anyone with the file and the passphrase can open it.",
  },
  {
    value: "recipients",
    title: "For age public keys",
    description:
      "Only the owners of the matching private keys can open it. You type no secret here.",
  },
  {
    value: "none",
    title: "Not encrypted",
    description: "You need nothing to open it.",
  },
];

export function EncryptionCard(props: EncryptionFieldsProps) {
  const { draft, policy, onChange } = props;
  const [isOpen, setIsOpen] = useState(false);
  const option = OPTIONS.find(({ value }) => value === draft.mode);
  const isOnly = policy.encryption.length === 1;
  return (
    <Card
      title="Encryption"
      description={
        isOnly
          ? `This app allows backups only ${describeModes(policy)}.`
          : `${option?.title}. ${option?.description}`
      }
      actions={
        !isOnly && (
          <Button size="small" aria-expanded={isOpen} onClick={() => setIsOpen(!isOpen)}>
            Change encryption
          </Button>
        )
      }
    >
      <div className="pba:grid pba:gap-5">
        {isOpen && (
          <RadioCards
            label="Encryption"
            className="pba:@3xl:grid-cols-3"
            value={draft.mode}
            onChange={(mode) => onChange({ mode })}
            options={OPTIONS.filter(({ value }) => policy.encryption.includes(value))}
          />
        )}
        {draft.mode === "passphrase" && <PassphraseFields {...props} />}
        {draft.mode === "recipients" && <RecipientsField {...props} />}
        {draft.mode === "none" && <PlaintextConsent {...props} />}
      </div>
    </Card>
  );
}

function RecipientsField({ draft, policy, onChange, problems }: EncryptionFieldsProps) {
  const required = policy.recipients;
  return (
    <div className="pba:grid pba:gap-4">
      {required.length > 0 && (
        <div className="pba:text-sm">
          <p>
            This app makes every backup for {required.length === 1 ? "this key" : "these keys"}:
          </p>
          <ul className="pba:mt-1 pba:font-mono pba:text-xs pba:break-all pba:text-muted">
            {required.map((recipient) => (
              <li key={recipient}>{recipient}</li>
            ))}
          </ul>
        </div>
      )}
      <Field
        label={required.length > 0 ? "More public keys (optional)" : "Public keys"}
        hint="Enter one public key per line, as age-keygen prints it. Lines that begin with # are ignored."
        problems={problems.recipients}
      >
        {(control) => (
          <Textarea
            {...control}
            value={draft.recipients}
            onChange={(event) => onChange({ recipients: event.target.value })}
            placeholder="age1…"
            rows={3}
            autoCapitalize="off"
            autoComplete="off"
            spellCheck={false}
          />
        )}
      </Field>
    </div>
  );
}

function PlaintextConsent({ draft, onChange, problems }: EncryptionFieldsProps) {
  return (
    <Notice tone="warn" title="This file will hold every row as plain text">
      <p>
        The file contains password hashes, addresses and tokens. Think of every copy of it: in a
        download folder, an email or a cloud drive.
      </p>
      {/* biome-ignore lint/a11y/noLabelWithoutControl: the control is the Checkbox inside. */}
      <label className="pba:mt-2 pba:flex pba:cursor-pointer pba:items-center pba:gap-3 pba:font-medium">
        <Checkbox
          aria-invalid={problems.acceptsPlaintext ? true : undefined}
          checked={draft.acceptsPlaintext}
          onCheckedChange={(checked) => onChange({ acceptsPlaintext: checked === true })}
        />
        I understand that anyone with the file can read everything
      </label>
      <Problems of={problems.acceptsPlaintext} />
    </Notice>
  );
}
