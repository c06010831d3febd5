import type pg from "pg";

/** Others wait for the tables meanwhile. */
const MAX_SEARCH_MS = 60_000;

/**
 * Goes back to a savepoint in a transaction that has failed, to look for the rows that are to blame. It can only be
 * rolled back then.
 */
export async function beginBlaming(client: pg.ClientBase, savepoint: string): Promise<void> {
  await client.query(
    `ROLLBACK TO SAVEPOINT ${savepoint}; SET LOCAL statement_timeout = ${MAX_SEARCH_MS}`,
  );
}
