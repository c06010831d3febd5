/** What operating systems leave in folders and put into zips: no part of a backup. */
export const isOfTheSystem = (path: string): boolean =>
  /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/.test(path);
