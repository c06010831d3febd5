/** How many connections are needed at once. A test proves that each number is enough and that one less is not. */

/**
 * A command works with one connection. With a second one it can also say who it waits for, cancel at once, and name the
 * rows that violate a foreign key.
 */
export const COMMAND_CONNECTIONS = 1;

/** The page's pool: for its records and short queries. */
export const POOL_CONNECTIONS = 2;

/**
 * Besides the pool: one for a restore, one for its safety backup, and one for opening the page meanwhile. Each further
 * download needs one more.
 */
export const PAGE_CONNECTIONS = POOL_CONNECTIONS + 3;

export const CONNECTIONS_NEEDED = `prisma-backup needs ${COMMAND_CONNECTIONS} connection at once in a terminal (2 are better), and the page ${PAGE_CONNECTIONS}, beside those of the app itself.`;
