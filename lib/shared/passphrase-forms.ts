/** An editor may put it at the beginning of a file. */
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Returns the forms of a passphrase that look the same and that may have been used when the backup was made, the given
 * form first. Keyboards differ in whether an accent is a separate character (NFC, NFD). A file's byte order mark was
 * once part of the passphrase. Count all forms as one attempt.
 */
export function passphraseForms(passphrase: string): string[] {
  const plain = passphrase.startsWith(BYTE_ORDER_MARK) ? passphrase.slice(1) : passphrase;
  return [...new Set([passphrase, plain, plain.normalize("NFC"), plain.normalize("NFD")])];
}
