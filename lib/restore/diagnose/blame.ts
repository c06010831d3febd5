import type pg from "pg";
import type { BlamedRows } from "../../postgres/errors/blamed-rows.ts";
import type { ErrorPlace } from "../../postgres/errors/database-error.ts";
import { translateLoadError } from "../load-error.ts";

/** In milliseconds. Other sessions wait for the tables during the search. */
const MAX_SEARCH_MS = 60_000;

const SAVEPOINT = "before_failure";

interface Step<Item> {
  run(item: Item): Promise<unknown>;
  placeOf(item: Item): Pick<ErrorPlace, "table" | "constraint">;
  /** Calls `beginBlaming` before its queries, because a failed transaction answers none. */
  blame(item: Item, error: unknown): Promise<BlamedRows | undefined>;
  remedyFor?(item: Item, error: unknown): string | undefined;
}

/**
 * Works on one item after the other. If one fails, searches for the rows that are the cause.
 *
 * @throws BackupError with these rows, if they are found
 */
export async function runOrBlame<Item>(
  client: pg.ClientBase,
  items: readonly Item[],
  { run, placeOf, blame, remedyFor }: Step<Item>,
  signal: AbortSignal,
): Promise<void> {
  await markForBlaming(client);
  for (const item of items) {
    signal.throwIfAborted();
    await run(item).catch(async (error: unknown) => {
      throw translateLoadError(error, {
        ...placeOf(item),
        // Finding the rows is optional. If the search fails, report the error without them.
        blamed: await blame(item, error).catch(() => undefined),
        remedy: remedyFor?.(item, error),
      });
    });
  }
  await endBlaming(client);
}

/** Marks the state to which a search for rows goes back. */
export async function markForBlaming(client: pg.ClientBase): Promise<void> {
  await client.query(`SAVEPOINT ${SAVEPOINT}`);
}

/** Goes back to the mark. After that, the failed transaction can only be rolled back. */
export async function beginBlaming(client: pg.ClientBase): Promise<void> {
  await client.query(
    `ROLLBACK TO SAVEPOINT ${SAVEPOINT}; SET LOCAL statement_timeout = ${MAX_SEARCH_MS}`,
  );
}

export async function endBlaming(client: pg.ClientBase): Promise<void> {
  await client.query(`RELEASE SAVEPOINT ${SAVEPOINT}`);
}
