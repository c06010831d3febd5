/** All that the archive knows of age (https://age-encryption.org). */
import { buffer } from "node:stream/consumers";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { BackupError, ownError } from "../errors.ts";
import type { EncryptionChoice } from "../shared/api.ts";
import { MAX_IDENTITIES } from "../shared/archive-format.ts";
import { PASSPHRASE_MIN_LENGTH } from "../shared/limits.ts";
import { passphraseForms } from "../shared/passphrase-forms.ts";
import { decryptFile, encryptFile } from "./age-file.ts";
import { invalidArchive, truncatedArchive } from "./archive-error.ts";
import { passphraseIdentity, passphraseRecipient } from "./passphrase.ts";
import { checkRecipients } from "./recipients.ts";

/** All that writing an archive needs. Holds no secret; can be stored as JSON. */
export type ArchiveKey =
  | { mode: "none" }
  | { mode: "recipients"; recipients: string[] }
  /** `recipient` is the archive's own; `keyFile` is the content of key.age, in base64. */
  | { mode: "passphrase"; recipient: string; keyFile: string };

/** The public half of an identity. */
export const recipientOf = (identity: string): Promise<string> => identityToRecipient(identity);

/** A piece for the middle of `stream.pipeline`. */
export type StreamTransform = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * Makes what an archive is encrypted with. Takes about a second for a passphrase, off the event loop.
 *
 * @throws PASSPHRASE_TOO_SHORT, RECIPIENT_INVALID
 */
export async function createArchiveKey(choice: EncryptionChoice): Promise<ArchiveKey> {
  switch (choice.mode) {
    case "none":
      return { mode: "none" };
    case "recipients":
      return { mode: "recipients", recipients: await checkRecipients(choice.recipients) };
    case "passphrase":
      return createPassphraseKey(choice.passphrase);
    default:
      throw choice satisfies never;
  }
}

/** Encrypts to the key's recipients; null where the key asks for no encryption. */
export function encryptStream(key: ArchiveKey): StreamTransform | null {
  if (key.mode === "none") return null;
  return (source) => encryptFile(recipientsOf(key), source);
}

/** Encrypts a small content as a whole; gives it back as it is where the key asks for no encryption. */
export async function encryptBytes(key: ArchiveKey, content: Buffer): Promise<Buffer> {
  const encrypt = encryptStream(key);
  return encrypt ? buffer(encrypt(asStream(content))) : content;
}

/**
 * Decrypts with any of the identities.
 *
 * The stream fails with NO_MATCHING_IDENTITY, ARCHIVE_TRUNCATED, ARCHIVE_INVALID, or with its source's error.
 */
export function decryptStream(identities: string[]): StreamTransform {
  return async function* decrypt(source) {
    let sourceError: unknown;
    async function* watched() {
      try {
        yield* source;
      } catch (error) {
        sourceError = error;
        throw error;
      }
    }
    try {
      yield* decryptFile(identities, watched());
    } catch (error) {
      throw sourceError ?? translateDecryptionError(error);
    }
  };
}

/** Decrypts a small content as a whole. Throws what `decryptStream` fails with. */
export async function decryptBytes(identities: string[], content: Buffer): Promise<Buffer> {
  return buffer(decryptStream(identities)(asStream(content)));
}

/**
 * Opens key.age, or any identity file made by `age -p`, and gives its identity. Off the event loop.
 *
 * @throws WRONG_PASSPHRASE, ARCHIVE_INVALID
 */
export async function unlockKeyFile(keyFile: Uint8Array, passphrase: string): Promise<string> {
  const decrypter = new Decrypter();
  for (const form of passphraseForms(passphrase)) decrypter.addIdentity(passphraseIdentity(form));
  let text: string;
  try {
    text = await decrypter.decrypt(keyFile, "text");
  } catch (error) {
    const translated = translateDecryptionError(error);
    if (translated.code !== "NO_MATCHING_IDENTITY") throw translated;
    throw new BackupError(
      "WRONG_PASSPHRASE",
      "The passphrase does not open this archive. Nothing was changed.",
      {
        hint: "Check upper and lower case and spaces. Each archive has the passphrase that was chosen when it was made.",
      },
    );
  }
  const [identity] = findIdentities(text);
  if (identity === undefined) throw invalidArchive("The archive's key file holds no identity.");
  return identity;
}

/**
 * The identities in an identity file as `age-keygen` writes it; comments and blank lines are allowed.
 *
 * @throws NO_MATCHING_IDENTITY where there is none
 */
export function parseIdentities(text: string): string[] {
  const identities = findIdentities(text);
  if (identities.length > MAX_IDENTITIES) {
    throw new BackupError(
      "NO_MATCHING_IDENTITY",
      `More than ${MAX_IDENTITIES} age identities were given. Nothing was changed.`,
      { hint: "Give the one that the archive was encrypted to." },
    );
  }
  if (identities.length > 0) return identities;
  throw new BackupError(
    "NO_MATCHING_IDENTITY",
    "What was given is not an age identity. Nothing was changed.",
    { hint: hintForText(text.trim()) },
  );
}

function findIdentities(text: string): string[] {
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
    return "This is a recipient, the public half. Decrypting needs its identity, a line that begins with AGE-SECRET-KEY-1.";
  }
  if (text.startsWith("age-encryption.org/") || text.startsWith("-----BEGIN AGE")) {
    return "This identity file is itself protected by a passphrase. Open it with `age -d FILE` first.";
  }
  return "Give the identity file that age-keygen wrote, or its line that begins with AGE-SECRET-KEY-1, complete.";
}

async function createPassphraseKey(passphrase: string): Promise<ArchiveKey> {
  if ([...passphrase].length < PASSPHRASE_MIN_LENGTH) {
    throw new BackupError(
      "PASSPHRASE_TOO_SHORT",
      `The passphrase is too short: at least ${PASSPHRASE_MIN_LENGTH} characters are needed. No backup was made.`,
      { hint: "Several random words are both strong and easy to write down." },
    );
  }
  const identity = await generateX25519Identity();
  const recipient = await recipientOf(identity);
  const createdAt = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase));
  // The text that age-keygen writes.
  const keyFile = await encrypter.encrypt(
    `# created: ${createdAt}\n# public key: ${recipient}\n${identity}\n`,
  );
  return { mode: "passphrase", recipient, keyFile: Buffer.from(keyFile).toString("base64") };
}

function recipientsOf(key: Exclude<ArchiveKey, { mode: "none" }>): string[] {
  return key.mode === "passphrase" ? [key.recipient] : key.recipients;
}

function translateDecryptionError(error: unknown): BackupError {
  const own = ownError(error);
  if (own) return own;
  const reason = error instanceof Error ? error.message : "";
  if (reason.startsWith("no identity matched")) {
    return new BackupError(
      "NO_MATCHING_IDENTITY",
      "This archive was not encrypted to the given identity. Nothing was changed.",
      {
        hint: "Use the identity whose recipient was chosen when the backup was made.",
        cause: error,
      },
    );
  }
  if (reason.startsWith("stream ended before")) {
    return truncatedArchive("Encrypted data in the archive ends too early.", { cause: error });
  }
  return invalidArchive("Encrypted data in the archive is damaged or has been modified.", {
    cause: error,
  });
}

async function* asStream(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
