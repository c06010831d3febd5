import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { BackupError } from "../errors.ts";
import { abandon, type Database } from "../postgres/connection/connection.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import { requireWrites } from "../postgres/errors/standby.ts";
import { findRestoreLockHolder, tryRestoreLock } from "../postgres/locks.ts";

/**
 * The right to restore into a database, held by one connection at a time. The caller that began it must end it, with
 * `await using` or `end`.
 */
export interface RestoreSession extends AsyncDisposable {
  database: Database;
  client: pg.Client;
  end(): Promise<void>;
}

const OUTCOME = "Nothing was changed.";

/**
 * @throws BackupError DATABASE_READ_ONLY on a standby, OPERATION_IN_PROGRESS if another restore runs in this database,
 *   regardless of where it was started
 */
export async function beginRestore(database: Database): Promise<RestoreSession> {
  const client = await database.connect("restore");
  const end = async () => {
    // Close gracefully, so that the lock is free when this returns. Cut a connection that hangs after 2 s.
    await Promise.race([client.end(), setTimeout(2000, undefined, { ref: false })]).catch(() => {});
    abandon(client);
  };
  const begin = async () => {
    await requireWrites(client, OUTCOME);
    return await tryRestoreLock(client);
  };
  const locked = await begin().catch(async (error: unknown) => {
    await end();
    throw translateDatabaseError(error, { fallback: "LOAD_FAILED", outcome: OUTCOME });
  });
  if (locked) return { database, client, end, [Symbol.asyncDispose]: end };
  const holder = await findRestoreLockHolder(client).catch(() => undefined);
  await end();
  throw new BackupError(
    "OPERATION_IN_PROGRESS",
    `Another restore is running in this database${holder ? `: ${holder}` : ""}. This one was not started.`,
    { hint: "Wait until it has ended, or cancel it." },
  );
}
