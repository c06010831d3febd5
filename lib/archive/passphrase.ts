/**
 * age's passphrase recipient and identity (https://age-encryption.org/v1, "scrypt recipient stanza"). age-encryption's
 * own derivation would block the event loop, and with it every request, for more than a second.
 */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { buffer } from "node:stream/consumers";
import { type Identity, type Recipient, Stanza } from "age-encryption";
import { invalidArchive } from "./archive-error.ts";
import {
  decodeBase64,
  encodeBase64,
  openFileKey,
  SEALED_KEY_BYTES,
  sealFileKey,
} from "./file-key.ts";

/** The same as the `age` tool's. */
const WORK_FACTOR = 18;
/** 1 GB and some seconds: the highest cost that an archive may demand. */
const MAX_WORK_FACTOR = 20;

const LABEL = "age-encryption.org/v1/scrypt";
const SALT_BYTES = 16;
const KEY_BYTES = 32;

export function passphraseRecipient(passphrase: string): Recipient {
  return {
    async wrapFileKey(fileKey) {
      const salt = randomBytes(SALT_BYTES);
      const key = await deriveKey(passphrase, salt, WORK_FACTOR);
      const args = ["scrypt", encodeBase64(salt), String(WORK_FACTOR)];
      return [new Stanza(args, sealFileKey(key, fileKey))];
    },
  };
}

/** Throws ARCHIVE_INVALID if the header is not for exactly one passphrase, or its work factor is too high. */
export function passphraseIdentity(passphrase: string): Identity {
  return {
    async unwrapFileKey(stanzas) {
      const { salt, workFactor, sealed } = parseScryptHeader(stanzas);
      return openFileKey(await deriveKey(passphrase, salt, workFactor), sealed);
    },
  };
}

function parseScryptHeader(stanzas: Stanza[]) {
  const [stanza] = stanzas;
  if (stanzas.length !== 1 || !stanza || stanza.args[0] !== "scrypt") {
    throw invalidArchive("No passphrase opens the backup's key.");
  }
  const [, encodedSalt = "", encodedFactor = ""] = stanza.args;
  const salt = decodeBase64(encodedSalt, SALT_BYTES);
  if (
    stanza.args.length !== 3 ||
    !salt ||
    !/^[1-9][0-9]*$/.test(encodedFactor) ||
    stanza.body.length !== SEALED_KEY_BYTES
  ) {
    throw invalidArchive("The backup's key is damaged.");
  }
  const workFactor = Number(encodedFactor);
  if (workFactor > MAX_WORK_FACTOR) {
    throw invalidArchive(
      `The backup's key asks for too much work (scrypt factor ${encodedFactor.slice(0, 10)}; at most ${MAX_WORK_FACTOR}).`,
      { hint: "No backup of prisma-backup-admin does that. Do not trust the source of this file." },
    );
  }
  return { salt, workFactor, sealed: stanza.body };
}

/** One derivation at a time, because each takes 256 MB for about a second, and requests may come often. */
let queue: Promise<unknown> = Promise.resolve();

function deriveKey(passphrase: string, salt: Buffer, workFactor: number): Promise<Buffer> {
  const derivation = queue.then(() =>
    runScrypt({
      passphrase,
      salt: Buffer.concat([Buffer.from(LABEL), salt]).toString("base64"),
      cost: 2 ** workFactor,
    }),
  );
  queue = derivation.catch(() => {});
  return derivation;
}

/** Reads its task as JSON from stdin and writes the key's 32 bytes to stdout. */
const SCRYPT_PROGRAM = `
  const { scryptSync } = require("node:crypto");
  const { passphrase, salt, cost } = JSON.parse(require("node:fs").readFileSync(0, "utf8"));
  const maxmem = 128 * 8 * (cost + 64);
  const key = scryptSync(passphrase, Buffer.from(salt, "base64"), 32, { cost, blockSize: 8, maxmem });
  process.stdout.write(key);
`;

/**
 * Derives a key in a separate process, so that the 256 MB and more that scrypt needs by design never burden the web
 * server. The passphrase is sent through a pipe, so it is neither in arguments nor in the environment.
 */
async function runScrypt(task: {
  passphrase: string;
  salt: string;
  cost: number;
}): Promise<Buffer> {
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, ["-e", SCRYPT_PROGRAM], {
    env,
    stdio: ["pipe", "pipe", "ignore"],
    windowsHide: true,
  });
  // If the process dies before it has read its task, its exit code reports the error.
  child.stdin.on("error", () => {}).end(JSON.stringify(task));
  const [key] = await Promise.all([buffer(child.stdout), once(child, "close")]);
  if (key.length !== KEY_BYTES) throw new Error("The process that derives keys ended early.");
  return key;
}
