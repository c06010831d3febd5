/** Limits that the panel and the server share. */

/** The original accepted this length. The panel advises against weak passphrases. */
export const PASSPHRASE_MIN_LENGTH = 5;

/** Maximum number of rows that can be chosen one by one. */
export const MAX_CHOSEN_ROWS = 10_000;

/** Size of an upload's chunk. Below the body limits of common hosts. */
export const UPLOAD_CHUNK_BYTES = 4 * 1024 * 1024;

/** Disk space in bytes that an upload leaves free on the server, so that nothing else fails. */
export const UPLOAD_SPARE_BYTES = 256 * 2 ** 20;

/** Minimum size in bytes that each upload counts as, because a million empty uploads would fill a disk too. */
export const MIN_COUNTED_UPLOAD_BYTES = 2 ** 20;

/** The limit if the app does not set another. */
export const DEFAULT_MAX_UPLOAD_BYTES = 10 * 2 ** 30;
