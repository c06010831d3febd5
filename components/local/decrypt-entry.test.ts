import { Encrypter, generateHybridIdentity, identityToRecipient } from "age-encryption";
import { expect, it } from "vitest";
import { decrypt } from "./decrypt-entry.ts";

it("hears of messages while the recipients of a header are tried", async () => {
  const recipient = await identityToRecipient(await generateHybridIdentity());
  const encrypter = new Encrypter();
  for (let count = 0; count < 40; count++) encrypter.addRecipient(recipient);
  const file = await encrypter.encrypt("x");
  const source = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(file);
      controller.close();
    },
  });
  const identity = await generateHybridIdentity();
  let isHeard = false;
  setTimeout(() => {
    isHeard = true;
  });
  await expect(decrypt(identity, source)).rejects.toThrow("no identity matched");
  expect(isHeard).toBe(true);
});
