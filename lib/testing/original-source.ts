/** The source that the samples were made from, for tests that restore them. */
import { readFile } from "node:fs/promises";
import { fixture } from "./original-backups.ts";

export const SCHEMA_SQL = await readFile(fixture("source/schema.sql"), "utf8");

/**
 * Returns the source as it comes back: rows and sequences as `pg_dump` wrote them, with each loss of the files applied.
 * The target keeps its own rows in Prisma's table of migrations.
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
