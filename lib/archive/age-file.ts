/**
 * age's file format (https://age-encryption.org/v1). Headers use age-encryption. X25519 and payloads use node:crypto,
 * because age-encryption's own payload code is JavaScript: a fifth of the speed, and on the event loop.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { setImmediate } from "node:timers/promises";
import { Decrypter, Encrypter, type Identity, type Recipient } from "age-encryption";
import { concatOwn, freeOwn, markOwn } from "../own-memory.ts";
import { oversizedHeader } from "../shared/archive/fault.ts";
import { MAX_HEADER_BYTES } from "../shared/archive-format.ts";
import { ageIdentity, oneByOne } from "../shared/one-by-one.ts";
import { toArchiveError, truncatedArchive } from "./archive-error.ts";
import { ByteReader } from "./byte-reader.ts";
import { isX25519Identity, isX25519Recipient, x25519Identity, x25519Recipient } from "./x25519.ts";

const CIPHER = "chacha20-poly1305";
const CHUNK_BYTES = 64 * 1024;
const TAG_BYTES = 16;
const NONCE_BYTES = 16;

const LAST_HEADER_LINE = "\n--- ";

/** Encrypts a stream to an age file. Fails with the source's error. */
export async function* encryptFile(
  recipients: ReadonlyArray<string | Recipient>,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const { header, fileKey } = await makeHeader(recipients);
  const nonce = randomBytes(NONCE_BYTES);
  yield Buffer.concat([header, nonce]);
  const key = payloadKey(fileKey, nonce);
  const reader = new ByteReader(source);
  try {
    for await (const { chunk, options, nonce } of chunksOf(reader, CHUNK_BYTES)) {
      const cipher = createCipheriv(CIPHER, key, nonce, options);
      const sealed = markOwn(cipher.update(chunk));
      yield concatOwn([sealed, cipher.final(), cipher.getAuthTag()]);
      freeOwn(sealed);
    }
  } finally {
    await reader.close();
  }
}

/** Decrypts an age file. Fails with ARCHIVE_INVALID, ARCHIVE_TRUNCATED, the libraries' errors, or the source's. */
export async function* decryptFile(
  identities: ReadonlyArray<string | Identity>,
  source: AsyncIterable<Uint8Array>,
): AsyncGenerator<Buffer> {
  const reader = new ByteReader(source);
  try {
    const fileKey = await decrypterFor(identities).decryptHeader(await readHeader(reader));
    const payloadNonce = await reader.read(NONCE_BYTES);
    if (payloadNonce.length < NONCE_BYTES) {
      throw truncatedArchive("Encrypted data in the backup ends too early.");
    }
    const key = payloadKey(fileKey, payloadNonce);
    for await (const { chunk, index, options, nonce } of chunksOf(
      reader,
      CHUNK_BYTES + TAG_BYTES,
    )) {
      const tagStart = chunk.length - TAG_BYTES;
      // Only a file without content has an empty chunk.
      if (tagStart < 0 || (tagStart === 0 && index > 0)) throw new Error("a chunk is cut off");
      const decipher = createDecipheriv(CIPHER, key, nonce, options);
      decipher.setAuthTag(chunk.subarray(tagStart));
      const content = markOwn(decipher.update(chunk.subarray(0, tagStart)));
      // Throws if the chunk is not authentic, before any of it is passed on.
      decipher.final();
      yield content;
    }
  } finally {
    await reader.close();
  }
}

/** Kept by identities: the same ones open all files of an archive, and adding one computes its recipient. */
const decrypters = new WeakMap<ReadonlyArray<string | Identity>, Decrypter>();

function decrypterFor(identities: ReadonlyArray<string | Identity>): Decrypter {
  const known = decrypters.get(identities);
  if (known) return known;
  const decrypter = new Decrypter();
  for (const identity of identities) {
    decrypter.addIdentity(
      typeof identity === "string" ? oneByOne(identityOf(identity), setImmediate) : identity,
    );
  }
  decrypters.set(identities, decrypter);
  return decrypter;
}

const identityOf = (text: string): Identity =>
  isX25519Identity(text) ? x25519Identity(text) : ageIdentity(text);

/** Makes a header and its file key, by encrypting nothing and adding a recipient that learns the key. */
async function makeHeader(recipients: ReadonlyArray<string | Recipient>) {
  let fileKey: Uint8Array | undefined;
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    const isOurs = typeof recipient === "string" && isX25519Recipient(recipient);
    encrypter.addRecipient(isOurs ? x25519Recipient(recipient) : recipient);
  }
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = key;
      return [];
    },
  });
  const file = await encrypter.encrypt(new Uint8Array());
  if (!fileKey) throw new Error("age-encryption asked a recipient for nothing");
  return { header: file.subarray(0, file.length - NONCE_BYTES - TAG_BYTES), fileKey };
}

/** The text before the first stanza. Each stanza ends with a newline, which `LAST_HEADER_LINE` includes. */
const VERSION = "age-encryption.org/v1";
export const MAX_STANZAS_BYTES = MAX_HEADER_BYTES - VERSION.length;

/** The size of a recipient's stanza in a header, in bytes. @throws Error if the text is not a recipient */
export async function stanzaBytes(recipient: string): Promise<number> {
  new Encrypter().addRecipient(recipient);
  const { header } = await makeHeader([recipient]);
  return Buffer.from(header).lastIndexOf(LAST_HEADER_LINE) - VERSION.length;
}

async function readHeader(reader: ByteReader): Promise<Buffer> {
  let head = Buffer.alloc(0);
  for (;;) {
    const piece = await reader.read(1024);
    head = Buffer.concat([head, piece]);
    const lastLine = head.indexOf(LAST_HEADER_LINE);
    if ((lastLine === -1 ? head.length : lastLine) > MAX_HEADER_BYTES) {
      throw toArchiveError(oversizedHeader());
    }
    const end = lastLine === -1 ? 0 : head.indexOf("\n", lastLine + 1) + 1;
    if (end > 0) reader.unread(head.subarray(end));
    // If the header does not end, age-encryption reports the error.
    if (end > 0 || piece.length === 0) return head.subarray(0, end || head.length);
  }
}

const payloadKey = (fileKey: Uint8Array, nonce: Uint8Array): KeyObject =>
  createSecretKey(Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32)));

/** Reads the payload's chunks, at least one. Each has a nonce that contains its index and whether it is the last. */
async function* chunksOf(reader: ByteReader, chunkBytes: number) {
  let chunk = await reader.read(chunkBytes);
  for (let index = 0; ; index++) {
    const next: Buffer = await reader.read(chunkBytes);
    const isLast = next.length === 0;
    const nonce = Buffer.alloc(12);
    nonce.writeUIntBE(index, 5, 6);
    nonce[11] = isLast ? 1 : 0;
    yield { chunk, index, nonce, options: { authTagLength: TAG_BYTES } };
    if (isLast) return;
    chunk = next;
  }
}
