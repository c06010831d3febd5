import { RECIPIENT } from "../lib/shared/recipient.ts";

/** The API's limit. */
const MAX_RECIPIENTS = 20;

export interface ParsedRecipients {
  recipients: string[];
  /** One sentence for each line that is not a public key. */
  problems: string[];
}

/** Reads one public key per line, like a recipients file: skips empty lines and `#` comments. */
export function parseRecipients(text: string): ParsedRecipients {
  const recipients: string[] = [];
  const problems: string[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const where = `Line ${index + 1}`;
    if (/^AGE-SECRET-KEY-/i.test(line)) {
      problems.push(
        `${where} is a private key. Keep it to yourself. Enter its public key, which begins with age1.`,
      );
    } else if (line.startsWith("ssh-")) {
      problems.push(
        `${where} is an SSH key. Only age public keys, which begin with age1, work here.`,
      );
    } else if (!RECIPIENT.test(line)) {
      problems.push(
        `${where} is not an age public key. An age public key begins with age1 and has 62 characters.`,
      );
    } else if (!recipients.includes(line)) {
      recipients.push(line);
    }
  }
  if (recipients.length > MAX_RECIPIENTS) {
    problems.push(
      `At most ${MAX_RECIPIENTS} public keys are possible. These are ${recipients.length}.`,
    );
  }
  return { recipients, problems };
}
