import { Decrypter, type Identity } from "age-encryption";
import { MAX_STANZAS } from "./archive-format.ts";

/**
 * Wraps an identity so that it tries the recipients of an age header one by one. Each attempt takes CPU, and the file's
 * author determines how many there are.
 *
 * @param turn called between attempts, to let other tasks run on the event loop
 * @returns an identity that throws if the header has more than `MAX_STANZAS` recipients
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

/**
 * Makes an Identity from its text. age-encryption does not export a function for it, but its Decrypter has the method,
 * which is missing in its types.
 */
export function ageIdentity(text: string): Identity {
  const decrypter = new Decrypter();
  decrypter.addIdentity(text);
  return decrypter as unknown as Identity;
}
