import { openArchive } from "../archive/archive-reader.ts";
import type { Database } from "../postgres/connection/connection.ts";
import { type RehearseOptions, rehearse } from "../restore/rehearsal/rehearse.ts";
import type { RehearsalReport } from "../shared/rehearsal.ts";
import { models } from "./backups.ts";

/** Runs a trial restore of an unencrypted archive. */
export async function rehearsed(
  database: Database,
  path: string,
  options: Partial<Omit<RehearseOptions, "archive" | "database">> = {},
): Promise<RehearsalReport> {
  await using archive = await openArchive(path);
  await archive.unlock({});
  return await rehearse({ database, archive, models, ...options });
}
