/**
 * age's X25519 recipient and identity (https://age-encryption.org/v1, "X25519 recipient stanza"), with node:crypto.
 * With age-encryption's own, the keys took a quarter of the time of a backup with thousands of small tables.
 */
import {
  createPrivateKey,
  createPublicKey,
  diffieHellman,
  generateKeyPairSync,
  hkdfSync,
  type KeyObject,
} from "node:crypto";
import { bech32 } from "@scure/base";
import { type Identity, type Recipient, Stanza } from "age-encryption";
import {
  decodeBase64,
  encodeBase64,
  openFileKey,
  SEALED_KEY_BYTES,
  sealFileKey,
} from "./file-key.ts";

const TYPE = "X25519";
const LABEL = "age-encryption.org/v1/X25519";
const KEY_BYTES = 32;
/** The bytes before a private key in PKCS #8. The only other format is JWK, which also requires the public key. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b656e04220420", "hex");

/** Whether it begins with `age1` and is none of the types with a longer prefix, such as `age1pq1…`. */
export const isX25519Recipient = (text: string): boolean =>
  text.startsWith("age1") && text.lastIndexOf("1") === 3;

export const isX25519Identity = (text: string): boolean => text.startsWith("AGE-SECRET-KEY-1");

/** @param text a recipient that age-encryption accepts */
export function x25519Recipient(text: string): Recipient {
  const recipient = Buffer.from(bech32.decodeToBytes(text).bytes);
  const theirs = publicKeyOf(recipient);
  return {
    wrapFileKey(fileKey) {
      const { privateKey, publicKey } = generateKeyPairSync("x25519");
      const share = bytesOf(publicKey);
      const key = sealingKey(diffieHellman({ privateKey, publicKey: theirs }), share, recipient);
      return [new Stanza([TYPE, encodeBase64(share)], sealFileKey(key, fileKey))];
    },
  };
}

/** @param text an identity that age-encryption accepts */
export function x25519Identity(text: string): Identity {
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8_PREFIX, bech32.decodeToBytes(text).bytes]),
    format: "der",
    type: "pkcs8",
  });
  const recipient = bytesOf(createPublicKey(privateKey));
  return {
    unwrapFileKey(stanzas) {
      for (const { args, body } of stanzas) {
        if (args[0] !== TYPE) continue;
        const share = decodeBase64(args[1] ?? "", KEY_BYTES);
        if (args.length !== 2 || !share || body.length !== SEALED_KEY_BYTES)
          throw new Error("a recipient stanza is not as age writes it");
        // Throws for a low-order share, with which the secret would be the same for every key.
        const secret = diffieHellman({ privateKey, publicKey: publicKeyOf(share) });
        const fileKey = openFileKey(sealingKey(secret, share, recipient), body);
        if (fileKey) return fileKey;
      }
      return null;
    },
  };
}

const sealingKey = (secret: Buffer, share: Buffer, recipient: Buffer): Buffer =>
  Buffer.from(hkdfSync("sha256", secret, Buffer.concat([share, recipient]), LABEL, KEY_BYTES));

const publicKeyOf = (bytes: Buffer): KeyObject =>
  createPublicKey({
    key: { kty: "OKP", crv: "X25519", x: bytes.toString("base64url") },
    format: "jwk",
  });

const bytesOf = (publicKey: KeyObject): Buffer =>
  Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url");
