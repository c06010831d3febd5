import type { EncryptionChoice, EncryptionMode, EncryptionPolicy } from "../../lib/shared/api.ts";
import { ANY_ENCRYPTION } from "../../lib/shared/encryption-policy.ts";
import { PASSPHRASE_MIN_LENGTH } from "../../lib/shared/limits.ts";
import { createRemembered } from "../external-state.ts";
import { parseRecipients } from "../recipients.ts";

/** What the person typed so far for each mode, so that changing the mode loses nothing. */
export interface EncryptionDraft {
  mode: EncryptionMode;
  /** The new passphrase that the page shows. Null until it is made. */
  generated: string | null;
  /** Whether the person says that the new passphrase is saved. */
  hasSaved: boolean;
  /** Whether the person types a passphrase instead. */
  typesOwn: boolean;
  passphrase: string;
  repeated: string;
  recipients: string;
  acceptsPlaintext: boolean;
}

export const NO_ENCRYPTION_DRAFT: EncryptionDraft = {
  mode: "passphrase",
  generated: null,
  hasSaved: false,
  typesOwn: false,
  passphrase: "",
  repeated: "",
  recipients: "",
  acceptsPlaintext: false,
};

export type EncryptionProblems = Partial<
  Record<"hasSaved" | "passphrase" | "repeated" | "recipients" | "acceptsPlaintext", string[]>
>;

/** Returns the choice to send, or the problems with it. */
export function checkEncryption(
  draft: EncryptionDraft,
  policy: EncryptionPolicy = ANY_ENCRYPTION,
): {
  encryption: EncryptionChoice | null;
  problems: EncryptionProblems;
} {
  const problems: EncryptionProblems = {};
  switch (draft.mode) {
    case "passphrase": {
      if (!draft.typesOwn) {
        if (!draft.hasSaved) problems.hasSaved = ["Confirm that you have saved the passphrase."];
        return isFine(problems, { mode: "passphrase", passphrase: draft.generated ?? "" });
      }
      const { passphrase, repeated } = draft;
      if (passphrase.length < PASSPHRASE_MIN_LENGTH) {
        problems.passphrase = [`At least ${PASSPHRASE_MIN_LENGTH} characters are needed.`];
      }
      if (passphrase !== repeated) problems.repeated = ["The two passphrases are not the same."];
      return isFine(problems, { mode: "passphrase", passphrase });
    }
    case "recipients": {
      const parsed = parseRecipients(draft.recipients);
      if (parsed.problems.length > 0) problems.recipients = parsed.problems;
      // The server adds the policy's public keys to the choice.
      const recipients = parsed.recipients.length > 0 ? parsed.recipients : policy.recipients;
      if (recipients.length === 0) problems.recipients ??= ["Enter at least one public key."];
      return isFine(problems, { mode: "recipients", recipients });
    }
    case "none":
      if (!draft.acceptsPlaintext) {
        problems.acceptsPlaintext = ["Confirm that this backup is not to be encrypted."];
      }
      return isFine(problems, { mode: "none" });
    default:
      throw draft.mode satisfies never;
  }
}

const isFine = (problems: EncryptionProblems, encryption: EncryptionChoice) => ({
  encryption: Object.keys(problems).length === 0 ? encryption : null,
  problems,
});

/** The mode and public keys of the last backup. Never a passphrase, and never a consent. */
const remembered = createRemembered(() => localStorage, "prisma-backup-admin:encryption");

export const rememberEncryption = ({ mode, recipients }: EncryptionDraft): void =>
  remembered.write(JSON.stringify({ mode, recipients }));

/** Returns the last choice, as far as the policy still allows it. */
export function recallEncryption(policy: EncryptionPolicy): EncryptionDraft {
  const { mode, recipients } = parse(remembered.read());
  const isMode = policy.encryption.find((it) => it === mode);
  return {
    ...NO_ENCRYPTION_DRAFT,
    mode: isMode ?? policy.encryption[0] ?? NO_ENCRYPTION_DRAFT.mode,
    recipients: typeof recipients === "string" ? recipients : "",
  };
}

function parse(text: string | null): { mode?: unknown; recipients?: unknown } {
  try {
    return Object(JSON.parse(text ?? "null"));
  } catch {
    return {};
  }
}
