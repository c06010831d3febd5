/** What an editor may put at a text's beginning. */
const BYTE_ORDER_MARK = "\uFEFF";

/**
 * The forms in which a passphrase that looks the same may have been given when a backup was made, as given first: an
 * accent as a character of its own or not, as one keyboard or the other types it; a file's byte order mark, which counted
 * once. To be tried as one attempt.
 */
export function passphraseForms(passphrase: string): string[] {
  const plain = passphrase.startsWith(BYTE_ORDER_MARK) ? passphrase.slice(1) : passphrase;
  return [...new Set([passphrase, plain, plain.normalize("NFC"), plain.normalize("NFD")])];
}
