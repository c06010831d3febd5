import { BackupError } from "../errors.ts";
import { MAX_STANZAS } from "../shared/archive-format.ts";
import { MAX_STANZAS_BYTES, stanzaBytes } from "./age-file.ts";

/**
 * The valid recipients, without duplicates. @throws RECIPIENT_INVALID, also if there are more than fit into a header
 */
export async function checkRecipients(recipients: string[]): Promise<string[]> {
  const checked = [...new Set(recipients.map((recipient) => recipient.trim()))];
  if (checked.length === 0) throw invalidRecipient("No public key was given.");
  let bytes = 0;
  for (const [index, recipient] of checked.entries()) {
    try {
      bytes += await stanzaBytes(recipient);
    } catch (cause) {
      throw invalidRecipient(describeInvalidRecipient(recipient, index + 1), cause);
    }
    if (bytes > MAX_STANZAS_BYTES || index >= MAX_STANZAS) {
      throw tooManyRecipients(checked.length, index);
    }
  }
  return checked;
}

/** An archive with a larger header could not be read back, so it must not be written. */
const tooManyRecipients = (given: number, possible: number): BackupError =>
  new BackupError(
    "RECIPIENT_INVALID",
    `${given} public keys were given, and a backup has room for the first ${possible} of them. No backup was made.`,
    {
      hint: `Give at most ${possible}. If several people share a key, give it only once.`,
    },
  );

function describeInvalidRecipient(recipient: string, position: number): string {
  // A private key pasted by mistake must not be repeated in a message.
  if (/^AGE-SECRET-KEY-/i.test(recipient)) {
    return `Key ${position} is a private key, not a public key.`;
  }
  const shown = recipient.length > 24 ? `${recipient.slice(0, 20)}…` : recipient;
  return `Key ${position} (“${shown}”) is not an age public key.`;
}

function invalidRecipient(what: string, cause?: unknown): BackupError {
  return new BackupError("RECIPIENT_INVALID", `${what} No backup was made.`, {
    hint: "A public key begins with age1. `age-keygen -y FILE` shows it. SSH keys are not supported.",
    cause,
  });
}
