/** What the samples were made of, for tests of their way back. */
import { readFile } from "node:fs/promises";
import { fixture } from "./original-backups.ts";

export const SCHEMA_SQL = await readFile(fixture("source/schema.sql"), "utf8");

/**
 * The source as it comes back: its rows and sequences as `pg_dump` wrote them, and what the files have lost, one
 * by one. Prisma's record of migrations is left as the target has it.
 */
export async function restoredSql(): Promise<string> {
  const dump = await readFile(fixture("source/expected.sql"), "utf8");
  const isContent = (line: string) => /^(INSERT INTO|SELECT pg_catalog\.setval)/.test(line);
  return `${SCHEMA_SQL};
    SET session_replication_role = replica;
    ${dump.split("\n").filter(isContent).join("\n")}
    UPDATE "User" SET "createdAt" = date_trunc('milliseconds', "createdAt");
    UPDATE "Misc" SET t = date_trunc('milliseconds', t);
    UPDATE "Post" SET meta = NULL WHERE meta = 'null';
    UPDATE "Doc" SET jnull = NULL WHERE jnull = 'null';
    UPDATE "Doc" SET jnull = '{"big": 12345678901234567000}' WHERE id = 3;
    TRUNCATE _prisma_migrations`;
}
