/** What the tests of the original's backups share. */

/** The path of a sample that the original itself wrote. */
export const fixture = (path: string): string =>
  new URL(`fixtures/${path}`, import.meta.url).pathname;
