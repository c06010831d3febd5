import type { EncryptionPolicy } from "./api.ts";
import type { EncryptionMode } from "./requests.ts";

export const ANY_ENCRYPTION: EncryptionPolicy = {
  encryption: ["passphrase", "recipients", "none"],
  recipients: [],
};

const WORDS: Record<EncryptionMode, string> = {
  passphrase: "with a passphrase",
  recipients: "for age public keys",
  none: "without encryption",
};

/** Returns "with a passphrase or for age public keys". */
export const describeModes = ({ encryption }: EncryptionPolicy): string =>
  encryption.map((mode) => WORDS[mode]).join(" or ");
