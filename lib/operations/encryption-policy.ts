/** The encryption that the app requires of every backup. No other module decides it. */
import type { ArchiveKey } from "../archive/encryption.ts";
import { BackupError } from "../errors.ts";
import type { EncryptionPolicy } from "../shared/api.ts";
import { describeModes } from "../shared/encryption-policy.ts";
import type { EncryptionChoice } from "../shared/requests.ts";

/** Checks a choice and adds the policy's public keys to it. @throws ENCRYPTION_NOT_ALLOWED */
export function applyPolicy(policy: EncryptionPolicy, choice: EncryptionChoice): EncryptionChoice {
  requireMode(policy, choice.mode);
  if (choice.mode !== "recipients") return choice;
  return { ...choice, recipients: joinRecipients(choice.recipients, policy) };
}

/** Checks a key from earlier, perhaps made under another policy. @throws ENCRYPTION_NOT_ALLOWED */
export function requireAllowed(policy: EncryptionPolicy, key: ArchiveKey): void {
  requireMode(policy, key.mode);
  if (key.mode !== "recipients") return;
  if (policy.recipients.every((recipient) => key.recipients.includes(recipient))) return;
  throw new BackupError(
    "ENCRYPTION_NOT_ALLOWED",
    "This app's public keys were changed since this backup was asked for. No backup was made.",
    { hint: "Create it again." },
  );
}

function requireMode(policy: EncryptionPolicy, mode: EncryptionChoice["mode"]): void {
  if (policy.encryption.includes(mode)) return;
  throw new BackupError(
    "ENCRYPTION_NOT_ALLOWED",
    `This app allows backups only ${describeModes(policy)}. No backup was made.`,
    { hint: "Choose another encryption." },
  );
}

/** The restored archive's key if the policy allows it, else one for the policy's public keys. Null without any. */
export function safetyBackupKey(policy: EncryptionPolicy, key: ArchiveKey): ArchiveKey | null {
  if (key.mode === "recipients" && policy.encryption.includes("recipients"))
    return { mode: "recipients", recipients: joinRecipients(key.recipients, policy) };
  if (policy.encryption.includes(key.mode)) return key;
  if (policy.recipients.length === 0) return null;
  return { mode: "recipients", recipients: policy.recipients };
}

const joinRecipients = (recipients: readonly string[], policy: EncryptionPolicy): string[] => [
  ...new Set([...policy.recipients, ...recipients]),
];
