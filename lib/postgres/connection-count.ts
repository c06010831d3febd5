/** How many connections are needed at once. A test proves each number, and that one less is too few. */

/**
 * A command works with one. With a second one it also says who it waits for, cancels at once, and names the rows that
 * a foreign key refuses.
 */
export const COMMAND_CONNECTIONS = 1;

/** Of those of the page, for its records and short questions. */
export const POOL_CONNECTIONS = 2;

/**
 * Beside those of the pool: a restore's and its safety backup's, and that of whoever opens the page meanwhile. Each
 * further download needs one more.
 */
export const PAGE_CONNECTIONS = POOL_CONNECTIONS + 3;

export const CONNECTIONS_NEEDED = `prisma-backup needs ${COMMAND_CONNECTIONS} connection at once in a terminal (2 are better), and the page ${PAGE_CONNECTIONS}, beside those of the app itself.`;
