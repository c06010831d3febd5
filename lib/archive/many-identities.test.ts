/**
 * The number of attempts is identities times recipients, which the file's author and the person who opens it determine.
 */
import {
  Encrypter,
  generateHybridIdentity,
  generateX25519Identity,
  identityToRecipient,
} from "age-encryption";
import { expect, it } from "vitest";
import { MAX_IDENTITIES } from "../shared/archive-format.ts";
import { codeOf } from "../testing/archives.ts";
import { decryptBytes, parseIdentities } from "./encryption.ts";

const identities = (count: number) =>
  Promise.all(Array.from({ length: count }, generateX25519Identity));

it("takes so many identities, and no more", async () => {
  const many = await identities(MAX_IDENTITIES + 1);
  expect(parseIdentities(many.slice(1).join("\n"))).toHaveLength(MAX_IDENTITIES);
  expect(await codeOf((async () => parseIdentities(many.join("\n")))())).toBe(
    "NO_MATCHING_IDENTITY",
  );
});

it.each([
  ["X25519", generateX25519Identity, 600],
  ["post-quantum", generateHybridIdentity, 40],
] as const)(
  "lets others have the event loop between the tries: %s",
  async (_kind, generate, recipients) => {
    const recipient = await identityToRecipient(await generate());
    const encrypter = new Encrypter();
    for (let count = 0; count < recipients; count++) encrypter.addRecipient(recipient);
    const file = Buffer.from(await encrypter.encrypt("x"));
    const [identity] = parseIdentities(await generate());
    let turns = 0;
    let next = setImmediate(function turn() {
      turns++;
      next = setImmediate(turn);
    });
    try {
      expect(await codeOf(decryptBytes([identity ?? ""], file))).toBe("NO_MATCHING_IDENTITY");
    } finally {
      clearImmediate(next);
    }
    expect(turns).toBeGreaterThanOrEqual(recipients);
  },
);
