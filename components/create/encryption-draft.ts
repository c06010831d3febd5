import type { EncryptionChoice, EncryptionMode, EncryptionPolicy } from "../../lib/shared/api.ts";
import { ANY_ENCRYPTION } from "../../lib/shared/encryption-policy.ts";
import { PASSPHRASE_MIN_LENGTH } from "../../lib/shared/limits.ts";
import { parseRecipients } from "../recipients.ts";

/** What the person typed so far for each mode, so that changing the mode loses nothing. */
export interface EncryptionDraft {
  mode: EncryptionMode;
  passphrase: string;
  repeated: string;
  /** The generated passphrase, whose strength is known exactly. */
  generated: string | null;
  recipients: string;
  acceptsPlaintext: boolean;
}

export const NO_ENCRYPTION_DRAFT: EncryptionDraft = {
  mode: "passphrase",
  passphrase: "",
  repeated: "",
  generated: null,
  recipients: "",
  acceptsPlaintext: false,
};

export type EncryptionProblems = Partial<
  Record<"passphrase" | "repeated" | "recipients" | "acceptsPlaintext", string[]>
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
