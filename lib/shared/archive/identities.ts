/** Reads identities from a text that a person entered. */
import { Decrypter } from "age-encryption";
import { MAX_IDENTITIES } from "../archive-format.ts";
import { ArchiveFault } from "./fault.ts";

/** Returns the identities in a file as `age-keygen` writes it. @throws ArchiveFault if there are none, or too many */
export function parseIdentities(text: string): string[] {
  const identities = findIdentities(text);
  if (identities.length > MAX_IDENTITIES) {
    throw new ArchiveFault(
      "NO_MATCHING_IDENTITY",
      `More than ${MAX_IDENTITIES} age private keys were given.`,
      { hint: "Give the private key that opens this backup." },
    );
  }
  if (identities.length > 0) return identities;
  throw new ArchiveFault("NO_MATCHING_IDENTITY", "This is not an age private key.", {
    hint: hintForText(text.trim()),
  });
}

export function findIdentities(text: string): string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line.startsWith("AGE-SECRET-KEY-") && isIdentity(line));
}

function isIdentity(line: string): boolean {
  try {
    new Decrypter().addIdentity(line);
    return true;
  } catch {
    return false;
  }
}

function hintForText(text: string): string {
  if (text.startsWith("age1")) {
    return "You gave a public key. To decrypt, give its private key (AGE-SECRET-KEY-1…).";
  }
  if (text.startsWith("age-encryption.org/") || text.startsWith("-----BEGIN AGE")) {
    return "This key file is protected by a passphrase. Open it with `age -d FILE` first.";
  }
  return "Give the key file that age-keygen wrote, or its whole line that begins with AGE-SECRET-KEY-1.";
}

/** Whether age-encryption's error says that no key matches, rather than that something is damaged. */
export const isNoMatch = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("no identity matched");
