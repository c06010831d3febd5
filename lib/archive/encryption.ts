/** Everything that the archive uses of age (https://age-encryption.org). */
import { buffer } from "node:stream/consumers";
import { Decrypter, Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
import { BackupError, ownError } from "../errors.ts";
import type { EncryptionChoice } from "../shared/api.ts";
import { undecryptable, wrongIdentity, wrongPassphrase } from "../shared/archive/fault.ts";
import {
  findIdentities,
  isNoMatch,
  parseIdentities as readIdentities,
} from "../shared/archive/identities.ts";
import { PASSPHRASE_MIN_LENGTH } from "../shared/limits.ts";
import { passphraseForms } from "../shared/passphrase-forms.ts";
import { decryptFile, encryptFile } from "./age-file.ts";
import { invalidArchive, judged, toArchiveError, truncatedArchive } from "./archive-error.ts";
import { passphraseIdentity, passphraseRecipient } from "./passphrase.ts";
import { checkRecipients } from "./recipients.ts";

/** Everything needed to write an archive. Contains no secret, and can be stored as JSON. */
export type ArchiveKey =
  | { mode: "none" }
  | { mode: "recipients"; recipients: string[] }
  /** `recipient` is the archive's own public key. `keyFile` is the content of key.age, in base64. */
  | { mode: "passphrase"; recipient: string; keyFile: string };

export type StreamTransform = (source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/**
 * Makes the key of an archive. For a passphrase this takes a second, off the event loop.
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

/** Encrypts to the key's recipients. Null if the key does not encrypt. */
export function encryptStream(key: ArchiveKey): StreamTransform | null {
  if (key.mode === "none") return null;
  return (source) => encryptFile(recipientsOf(key), source);
}

/** Encrypts a small content as a whole. Returns it unchanged if the key does not encrypt. */
export async function encryptBytes(key: ArchiveKey, content: Buffer): Promise<Buffer> {
  const encrypt = encryptStream(key);
  return encrypt ? buffer(encrypt(asStream(content))) : content;
}

/**
 * Decrypts with any of the identities. Fails with NO_MATCHING_IDENTITY, ARCHIVE_TRUNCATED, ARCHIVE_INVALID, or its
 * source's error.
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

/** Decrypts a small content as a whole. Throws the errors of `decryptStream`. */
export async function decryptBytes(identities: string[], content: Buffer): Promise<Buffer> {
  return buffer(decryptStream(identities)(asStream(content)));
}

/**
 * Opens key.age, or any identity file made by `age -p`, off the event loop. @throws WRONG_PASSPHRASE, ARCHIVE_INVALID
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
    throw toArchiveError(wrongPassphrase(error));
  }
  const [identity] = findIdentities(text);
  if (identity === undefined) throw invalidArchive("The backup's key file holds no private key.");
  return identity;
}

/** Reads the identities that a person entered. @throws NO_MATCHING_IDENTITY if there are none, or too many */
export const parseIdentities = (text: string): string[] => judged(() => readIdentities(text));

async function createPassphraseKey(passphrase: string): Promise<ArchiveKey> {
  if ([...passphrase].length < PASSPHRASE_MIN_LENGTH) {
    throw new BackupError(
      "PASSPHRASE_TOO_SHORT",
      `The passphrase is too short: at least ${PASSPHRASE_MIN_LENGTH} characters are needed. No backup was made.`,
      { hint: "Several random words are both strong and easy to write down." },
    );
  }
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  const createdAt = new Date().toISOString().replace(/\.\d+Z$/, "Z");
  const encrypter = new Encrypter();
  encrypter.addRecipient(passphraseRecipient(passphrase));
  // The same text as age-keygen writes.
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
  if (isNoMatch(error)) return toArchiveError(wrongIdentity(error));
  const reason = error instanceof Error ? error.message : "";
  if (reason.startsWith("stream ended before")) {
    return truncatedArchive("Encrypted data in the backup ends too early.", { cause: error });
  }
  return toArchiveError(undecryptable(error));
}

async function* asStream(content: Uint8Array): AsyncGenerator<Uint8Array> {
  yield content;
}
