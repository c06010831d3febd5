import type pg from "pg";

/** In milliseconds. Other sessions wait for the tables during the search. */
const MAX_SEARCH_MS = 60_000;

/**
 * Goes back to a savepoint in a failed transaction, to search for the rows that caused the failure. After that, the
 * transaction can only be rolled back.
 */
export async function beginBlaming(client: pg.ClientBase, savepoint: string): Promise<void> {
  await client.query(
    `ROLLBACK TO SAVEPOINT ${savepoint}; SET LOCAL statement_timeout = ${MAX_SEARCH_MS}`,
  );
}
