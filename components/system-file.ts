/** Whether a file was added to the folder or zip by the operating system. Such files are not part of a backup. */
export const isOfTheSystem = (path: string): boolean =>
  /(^|\/)(\.[^/]*|__MACOSX|Thumbs\.db|desktop\.ini)(\/|$)/.test(path);
