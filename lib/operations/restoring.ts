import type { Database } from "../postgres/connection/connection.ts";
import { TABLE } from "./operation-store.ts";
import { queryOperations } from "./operations-schema.ts";

/**
 * Returns how long a restore has been writing, in ms. Null if no restore is running, or it only checks or does a trial
 * run.
 */
export async function readRestoringMs(database: Database): Promise<number | null> {
  const [row] = await queryOperations<{ ms: string | null }>(
    database,
    `SELECT (extract(epoch FROM max(clock_timestamp() - started_at)) * 1000)::text AS ms FROM ${TABLE}
     WHERE state = 'running' AND kind = 'restore' AND progress ->> 'stage' = 'restore'`,
    [],
  );
  return row?.ms ? Number(row.ms) : null;
}
