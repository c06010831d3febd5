/** Limits that panel and server share. */

/** As the original accepted. The panel advises against weak ones. */
export const PASSPHRASE_MIN_LENGTH = 5;

/** So many rows can be chosen one by one. */
export const MAX_CHOSEN_ROWS = 10_000;

/** Size of an upload's chunk: below the body limits of common hosts. */
export const UPLOAD_CHUNK_BYTES = 4 * 1024 * 1024;

/** An upload leaves the server's disk so much, that nothing else fails for want of room. */
export const UPLOAD_SPARE_BYTES = 256 * 2 ** 20;

/** So much each upload counts at least: a million empty ones would fill a disk as well. */
export const MIN_COUNTED_UPLOAD_BYTES = 2 ** 20;

/** Unless the app says otherwise. */
export const DEFAULT_MAX_UPLOAD_BYTES = 10 * 2 ** 30;
