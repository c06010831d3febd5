import { Decrypter } from "age-encryption";
import { MAX_IDENTITIES } from "../../lib/shared/archive-format.ts";
import { ArchiveProblem } from "./archive-problem.ts";

/** The identities in an identity file as `age-keygen` writes it. */
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

/** @throws ArchiveProblem where there is none */
export function parseIdentities(text: string): string[] {
  const identities = findIdentities(text);
  if (identities.length > MAX_IDENTITIES) {
    throw new ArchiveProblem({
      kind: "wrong-identity",
      message: `More than ${MAX_IDENTITIES} identities were given. Give the one that the backup was encrypted to.`,
    });
  }
  if (identities.length > 0) return identities;
  throw new ArchiveProblem({
    kind: "wrong-identity",
    message:
      "What was given is not an age identity: give the file that age-keygen wrote, or its line that begins with AGE-SECRET-KEY-1, complete.",
  });
}

export const wrongIdentity = (cause: unknown) =>
  new ArchiveProblem(
    {
      kind: "wrong-identity",
      message:
        "The backup was not encrypted to it. Use the identity whose recipient was chosen when the backup was made.",
    },
    { cause },
  );

/** Whether age-encryption says that no key fits, and not that something is damaged. */
export const isNoMatch = (error: unknown): boolean =>
  error instanceof Error && error.message.startsWith("no identity matched");
