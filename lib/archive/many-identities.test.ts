/** Identities times recipients are tries, of which whoever makes a file and whoever opens it decide the number. */
import { Encrypter, generateX25519Identity, identityToRecipient } from "age-encryption";
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

it("lets others have the event loop between the tries", async () => {
  const recipient = await identityToRecipient(await generateX25519Identity());
  const encrypter = new Encrypter();
  for (let count = 0; count < 160; count++) encrypter.addRecipient(recipient);
  const file = Buffer.from(await encrypter.encrypt("x"));
  let turns = 0;
  const timer = setInterval(() => turns++, 0);
  try {
    expect(await codeOf(decryptBytes(await identities(5), file))).toBe("NO_MATCHING_IDENTITY");
  } finally {
    clearInterval(timer);
  }
  expect(turns).toBeGreaterThan(10);
});
