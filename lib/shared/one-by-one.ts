import { Decrypter, type Identity } from "age-encryption";
import { MAX_STANZAS } from "./archive-format.ts";

/**
 * The same identity, which tries the recipients of an age header one by one. Each try takes CPU, and whoever made the
 * file decides how many there are.
 *
 * @param turn between two tries: lets others have the event loop
 */
export function oneByOne(identity: Identity, turn: () => unknown): Identity {
  return {
    async unwrapFileKey(stanzas) {
      if (stanzas.length > MAX_STANZAS) {
        throw new Error(`the header has more than ${MAX_STANZAS} recipients`);
      }
      for (const stanza of stanzas) {
        const fileKey = await identity.unwrapFileKey([stanza]);
        if (fileKey) return fileKey;
        await turn();
      }
      return null;
    },
  };
}

/** What age-encryption makes of the text of an identity. It exports none: its decrypter has the method, but not in its types. */
export function ageIdentity(text: string): Identity {
  const decrypter = new Decrypter();
  decrypter.addIdentity(text);
  return decrypter as unknown as Identity;
}
