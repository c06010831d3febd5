import { Decrypter } from "age-encryption";
import type { EncryptionMode, Unlock } from "../../lib/shared/api.ts";
import { checkAgreement, smallEntries } from "../../lib/shared/archive/entries.ts";
import {
  ArchiveFault,
  damaged,
  differs,
  foreignKey,
  undecryptable,
  wrongIdentity,
  wrongPassphrase,
} from "../../lib/shared/archive/fault.ts";
import { findIdentities, isNoMatch, parseIdentities } from "../../lib/shared/archive/identities.ts";
import { readManifest, type StoredManifest } from "../../lib/shared/archive/manifest.ts";
import {
  KEY_ENTRY,
  MAX_KEY_BYTES,
  MAX_STORED_MANIFEST_BYTES,
  manifestEntryName,
} from "../../lib/shared/archive-format.ts";
import { passphraseForms } from "../../lib/shared/passphrase-forms.ts";
import { decrypt } from "./decrypt-entry.ts";
import { collect } from "./read-entry.ts";
import { Sha256 } from "./sha256.ts";
import type { ZipEntries } from "./zip-entries.ts";

interface OpenManifest {
  manifest: StoredManifest;
  /** The one that opens the manifest, and so all other entries. Null if nothing is encrypted. */
  identity: string | null;
}

/** Reads the manifest, and proves that the zip's entries agree with it. @throws ArchiveFault */
export async function openManifest(
  zip: ZipEntries,
  encryption: EncryptionMode,
  unlock: Unlock,
): Promise<OpenManifest> {
  const identities =
    encryption === "passphrase"
      ? [await openKey(zip, unlock.passphrase ?? "")]
      : encryption === "recipients"
        ? parseIdentities(unlock.identity ?? "")
        : [];
  const stored = await zip.readBytes(manifestEntryName(encryption), MAX_STORED_MANIFEST_BYTES);
  const { bytes, identity } =
    encryption === "none"
      ? { bytes: stored, identity: null }
      : await decryptManifest(identities, stored, encryption);
  const manifest = readManifest(bytes);
  checkAgreement(manifest, zip.entries, encryption);
  for (const [name, expected, maxBytes] of smallEntries(manifest)) {
    if (expected === undefined) continue;
    const sha256 = new Sha256();
    sha256.update(await zip.readBytes(name, maxBytes));
    if (sha256.digest() !== expected) throw differs(name);
  }
  return { manifest, identity };
}

async function decryptManifest(
  identities: string[],
  stored: Uint8Array,
  encryption: "passphrase" | "recipients",
): Promise<{ bytes: Uint8Array; identity: string }> {
  let noMatch: unknown;
  for (const identity of identities) {
    try {
      const plain = await decrypt(identity, new Blob([stored as BlobPart]).stream());
      return { bytes: await collect(plain, MAX_STORED_MANIFEST_BYTES), identity };
    } catch (cause) {
      if (cause instanceof ArchiveFault) throw cause;
      if (!isNoMatch(cause)) throw undecryptable(cause);
      noMatch = cause;
    }
  }
  throw encryption === "recipients" ? wrongIdentity(noMatch) : foreignKey(noMatch);
}

/** @returns the identity that the passphrase encrypts */
async function openKey(zip: ZipEntries, passphrase: string): Promise<string> {
  const keyFile = await zip.readBytes(KEY_ENTRY, MAX_KEY_BYTES);
  const decrypter = new Decrypter();
  for (const form of passphraseForms(passphrase)) decrypter.addPassphrase(form);
  const text = await decrypter.decrypt(keyFile, "text").catch((cause) => {
    throw isNoMatch(cause) ? wrongPassphrase(cause) : undecryptable(cause);
  });
  const [identity] = findIdentities(text);
  if (identity === undefined) throw damaged("The backup's key file holds no private key.");
  return identity;
}
