/** How many connections are needed at once. A test proves that each number is enough and that one less is not. */

/** With a second one, a command can also say who it waits for, cancel at once, and name rows that refer to nothing. */
export const COMMAND_CONNECTIONS = 1;

/** The page's pool: for its records and short queries. */
export const POOL_CONNECTIONS = 2;

/** One for a restore, one for its safety backup, one to open the page meanwhile. Each further download needs one. */
export const PAGE_CONNECTIONS = POOL_CONNECTIONS + 3;

export const CONNECTIONS_NEEDED = `prisma-backup needs ${COMMAND_CONNECTIONS} connection at once in a terminal (2 are better), and the page ${PAGE_CONNECTIONS}, beside those of the app itself.`;
