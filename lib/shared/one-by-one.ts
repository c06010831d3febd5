import { Decrypter, type Identity } from "age-encryption";
import { MAX_STANZAS } from "./archive-format.ts";

/**
 * Tries the recipients of an age header one by one, because each takes CPU and the file's author sets their number.
 * Throws if the header has more than `MAX_STANZAS`. @param turn lets other tasks run on the event loop between attempts
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

/** Makes an Identity from its text. age-encryption exports no function for it, but its Decrypter has the method. */
export function ageIdentity(text: string): Identity {
  const decrypter = new Decrypter();
  decrypter.addIdentity(text);
  return decrypter as unknown as Identity;
}
