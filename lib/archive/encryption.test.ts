import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import {
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { describe, expect, it } from "vitest";
import {
  cheapPassphraseKey,
  codeOf,
  PASSPHRASE,
  shell,
  temporaryFolder,
  terminal,
} from "../testing/archives.ts";
import { requireTool } from "../testing/oracles.ts";
import {
  type ArchiveKey,
  createArchiveKey,
  decryptBytes,
  decryptStream,
  encryptBytes,
  encryptStream,
  parseIdentities,
  unlockKeyFile,
} from "./encryption.ts";

const hasAge = requireTool("age") && requireTool("age-keygen");
const hasTerminal = hasAge && requireTool("script");

/** Makes an identity and a key that encrypts to it. */
async function identityKey(): Promise<{ identity: string; recipient: string; key: ArchiveKey }> {
  const identity = await generateX25519Identity();
  const recipient = await identityToRecipient(identity);
  return { identity, recipient, key: { mode: "recipients", recipients: [recipient] } };
}

async function passphraseKey(passphrase = PASSPHRASE) {
  const key = await createArchiveKey({ mode: "passphrase", passphrase });
  if (key.mode !== "passphrase") throw new Error("wrong mode");
  return { ...key, file: Buffer.from(key.keyFile, "base64") };
}

const cheapFile = async () => Buffer.from((await cheapPassphraseKey()).keyFile, "base64");

/** Sizes around age's chunks of 64 KiB. */
const SIZES = [0, 1, 65_535, 65_536, 65_537, 131_072, 300_001];

describe("the key of a passphrase", () => {
  it("opens by the same words from another keyboard, or from a file with a byte order mark", async () => {
    const [composed, decomposed] = ["Zürich-Åre", "Zürich-Åre"].map((it, index) =>
      it.normalize(index === 0 ? "NFC" : "NFD"),
    ) as [string, string];
    expect(composed).not.toBe(decomposed);
    for (const [made, given] of [
      [composed, decomposed],
      [decomposed, composed],
      [composed, `\uFEFF${composed}`],
      [`\uFEFF${composed}`, `\uFEFF${composed}`],
    ] as const) {
      const { file, recipient } = await passphraseKey(made);
      expect(await identityToRecipient(await unlockKeyFile(file, given))).toBe(recipient);
    }
  });

  it("opens by its passphrase of five characters, and holds the identity of its recipient", async () => {
    const passphrase = "12-☂5";
    const key = await passphraseKey(passphrase);
    const identity = await unlockKeyFile(key.file, passphrase);
    expect(await identityToRecipient(identity)).toBe(key.recipient);
    expect(JSON.stringify(key)).not.toContain(passphrase);
  });

  it.skipIf(!hasTerminal)("opens with the age tool", async () => {
    const folder = await temporaryFolder();
    const passphrase = "pässword with ☂ and  spaces";
    const key = await passphraseKey(passphrase);
    await writeFile(join(folder, "key.age"), key.file);
    await terminal("age -d key.age > identity.txt", [passphrase], folder);
    expect((await shell("age-keygen -y identity.txt", folder)).trim()).toBe(key.recipient);
    // The private key from key.age opens what is encrypted to it.
    await writeFile(join(folder, "table.age"), await encryptBytes(key, Buffer.from("hello")));
    await terminal("age -d -i key.age table.age > table.txt", [passphrase], folder);
    expect(await readFile(join(folder, "table.txt"), "utf8")).toBe("hello");
  });

  it.skipIf(!hasTerminal)("is read where the age tool made it", async () => {
    const folder = await temporaryFolder();
    await shell("age-keygen -o identity.txt", folder);
    await terminal("age -p -o key.age identity.txt", [PASSPHRASE, PASSPHRASE], folder);
    const keyFile = await readFile(join(folder, "key.age"));
    const [identity] = parseIdentities(await readFile(join(folder, "identity.txt"), "utf8"));
    expect(await unlockKeyFile(keyFile, PASSPHRASE)).toBe(identity);
  });

  it("does not open by another passphrase", async () => {
    const file = await cheapFile();
    for (const wrong of ["", PASSPHRASE.toUpperCase(), `${PASSPHRASE} `]) {
      expect(await codeOf(unlockKeyFile(file, wrong))).toBe("WRONG_PASSPHRASE");
    }
  });

  it("refuses an expensive key before doing the work", async () => {
    const file = await cheapFile();
    for (const factor of ["21", "30", "99"]) {
      const header = file.toString("latin1").replace(/^(-> scrypt \S+) 1$/m, `$1 ${factor}`);
      // Factor 30 would need 1 TB, and 99 would never end, so this error must come before the derivation.
      expect(await codeOf(unlockKeyFile(Buffer.from(header, "latin1"), PASSPHRASE))).toBe(
        "ARCHIVE_INVALID",
      );
    }
  });

  it("is ARCHIVE_INVALID or ARCHIVE_TRUNCATED where it is no key", async () => {
    const file = await cheapFile();
    const { key } = await identityKey();
    const notOurs = await encryptBytes(key, Buffer.from("x"));
    for (const bytes of [Buffer.alloc(0), Buffer.from("hello\n"), notOurs, file.subarray(0, 60)]) {
      expect(await codeOf(unlockKeyFile(bytes, PASSPHRASE))).toBe("ARCHIVE_INVALID");
    }
    const headerOnly = file.subarray(0, file.indexOf("\n", file.indexOf("---")) + 1);
    expect(await codeOf(unlockKeyFile(headerOnly, PASSPHRASE))).toBe("ARCHIVE_TRUNCATED");
  });

  it("is made off the event loop, one at a time", async () => {
    // A derivation on the event loop would show as active time. In another process, the loop is idle.
    const before = performance.eventLoopUtilization();
    let running = 3;
    const remaining: number[] = [];
    await Promise.all(
      [1, 2, 3].map(async () => {
        await passphraseKey();
        remaining.push(--running);
      }),
    );
    expect(remaining).toEqual([2, 1, 0]);
    expect(performance.eventLoopUtilization(before).utilization).toBeLessThan(0.5);
  });

  it("needs no fewer than five", async () => {
    const create = (passphrase: string) => createArchiveKey({ mode: "passphrase", passphrase });
    expect(await codeOf(create("1234"))).toBe("PASSPHRASE_TOO_SHORT");
    expect(await codeOf(create("☂☂🙂🙂"))).toBe("PASSPHRASE_TOO_SHORT");
  });
});

describe("recipients", () => {
  it.skipIf(!hasAge).each(SIZES)("%i bytes: the age tool and we read each other", async (size) => {
    const folder = await temporaryFolder();
    await shell("age-keygen -o one.txt; age-keygen -o two.txt", folder);
    const printed = await shell("age-keygen -y one.txt; age-keygen -y two.txt", folder);
    const recipients = printed.trim().split("\n");
    const key = await createArchiveKey({ mode: "recipients", recipients });
    const content = Buffer.from(Array.from({ length: size }, (_, index) => index % 251));
    await writeFile(join(folder, "plain"), content);

    await writeFile(join(folder, "ours.age"), await encryptBytes(key, content));
    await shell("age -d -i one.txt ours.age | cmp - plain", folder);
    await shell("age -d -i two.txt ours.age | cmp - plain", folder);

    await shell(`age -r ${recipients[0]} -o theirs.age plain`, folder);
    const theirs = await readFile(join(folder, "theirs.age"));
    const identities = parseIdentities(await readFile(join(folder, "one.txt"), "utf8"));
    expect((await decryptBytes(identities, theirs)).equals(content)).toBe(true);
    const others = parseIdentities(await readFile(join(folder, "two.txt"), "utf8"));
    expect(await codeOf(decryptBytes(others, theirs))).toBe("NO_MATCHING_IDENTITY");
  });

  it("may be post-quantum", async () => {
    const identity = await generateHybridIdentity();
    const recipients = [await identityToRecipient(identity)];
    const key = await createArchiveKey({ mode: "recipients", recipients });
    const sealed = await encryptBytes(key, Buffer.from("hello"));
    expect(String(await decryptBytes(parseIdentities(identity), sealed))).toBe("hello");
  });

  it("says which one is wrong, without repeating a secret", async () => {
    const { recipient, identity } = await identityKey();
    const create = (...recipients: string[]) =>
      createArchiveKey({ mode: "recipients", recipients });
    const mistyped = recipient.slice(0, -1) + (recipient.endsWith("q") ? "p" : "q");
    await expect(create(recipient, mistyped)).rejects.toMatchObject({
      code: "RECIPIENT_INVALID",
      message: expect.stringContaining("Key 2"),
    });
    await expect(create(identity)).rejects.toMatchObject({
      code: "RECIPIENT_INVALID",
      message: expect.not.stringContaining(identity.slice(0, 24)),
    });
    for (const bad of ["", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "age1", "me@example.com"]) {
      expect(await codeOf(create(bad))).toBe("RECIPIENT_INVALID");
    }
    expect(await codeOf(create())).toBe("RECIPIENT_INVALID");
    expect(await create(` ${recipient}\n`, recipient)).toEqual({
      mode: "recipients",
      recipients: [recipient],
    });
  });
});

/** Identities can be made directly and in any number. */
const recipientsOf = (identities: string[]) => Promise.all(identities.map(identityToRecipient));
const many = (count: number, generate: () => Promise<string>) =>
  Promise.all(Array.from({ length: count }, generate));

describe("as many recipients as an archive can be read again with", () => {
  it.each([
    ["X25519", generateX25519Identity, 668],
    ["post-quantum", generateHybridIdentity, 42],
  ] as const)("are taken, and no more: %s", async (_kind, generate, most) => {
    const identities = await many(most, generate);
    const recipients = await recipientsOf(identities);
    const key = await createArchiveKey({ mode: "recipients", recipients });
    const sealed = await encryptBytes(key, Buffer.from("hello"));
    expect(String(await decryptBytes(identities.slice(-1), sealed))).toBe("hello");

    const oneMore = [...recipients, await identityToRecipient(await generate())];
    const refused = createArchiveKey({ mode: "recipients", recipients: oneMore });
    await expect(refused).rejects.toMatchObject({
      code: "RECIPIENT_INVALID",
      message: `${most + 1} public keys were given, and a backup has room for the first ${most} of them. No backup was made.`,
    });
  });
});

describe("identities", () => {
  it("are found among comments and blank lines", async () => {
    const { identity } = await identityKey();
    expect(parseIdentities(`# created: today\r\n\r\n  ${identity}\r\n`)).toEqual([identity]);
  });

  it.each([
    ["", "AGE-SECRET-KEY-1"],
    ["hello", "AGE-SECRET-KEY-1"],
    ["AGE-SECRET-KEY-1CUTOFF", "whole line"],
    ["age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p", "You gave a public key"],
    ["-----BEGIN AGE ENCRYPTED FILE-----\nYWdl\n", "age -d"],
  ])("%j is none, and the hint helps", async (text, hint) => {
    const parse = async () => parseIdentities(text);
    await expect(parse()).rejects.toMatchObject({
      code: "NO_MATCHING_IDENTITY",
      hint: expect.stringContaining(hint),
    });
  });
});

describe("streams", () => {
  it("fail on every changed byte and at every cut, and give no byte too many", async () => {
    const { key, identity } = await identityKey();
    const content = Buffer.alloc(150_000, "content ");
    const sealed = await encryptBytes(key, content);
    const codes = new Set<string>();
    for (let position = 0; position < sealed.length; position += 1999) {
      const flipped = Buffer.from(sealed);
      flipped[position] = (flipped[position] ?? 0) ^ 1;
      codes.add(await codeOf(decryptBytes([identity], flipped)));
      codes.add(await codeOf(decryptBytes([identity], sealed.subarray(0, position))));
    }
    codes.delete("NO_MATCHING_IDENTITY"); // a change of the stanza itself
    expect([...codes].sort()).toEqual(["ARCHIVE_INVALID"]);
  });

  it("pass their source's error on", async () => {
    const failure = new Error("the source failed");
    async function* failing() {
      yield Buffer.alloc(10_000);
      throw failure;
    }
    const { key, identity } = await identityKey();
    const encrypt = encryptStream(key);
    if (!encrypt) throw new Error("not encrypted");
    await expect(buffer(Readable.from(encrypt(failing())))).rejects.toBe(failure);
    await expect(buffer(Readable.from(decryptStream([identity])(failing())))).rejects.toBe(failure);
  });

  it("are none where nothing is encrypted", async () => {
    expect(encryptStream(await createArchiveKey({ mode: "none" }))).toBeNull();
  });
});
