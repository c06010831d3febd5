import { expect, it } from "vitest";
import { BackupError } from "../errors.ts";
import { createTestDatabase } from "../testing/database.ts";
import { logError } from "./log-error.ts";

it("logs no value that a message of PostgreSQL names, and every other message", async () => {
  await using database = await createTestDatabase();
  const lines: string[] = [];
  const logger = { error: (line: string) => lines.push(line) };
  for (const sql of [
    "SELECT 'a-secret-name'::int",
    "SELECT '{\"a\": a-secret-name}'::json",
    "SELECT 'a-secret-name'::timestamptz",
    "DO $$ BEGIN RAISE EXCEPTION 'no place for %', 'a-secret-name'; END $$",
    "SELECT FROM a_table_that_is_missing",
  ]) {
    const cause = await database.query(sql).catch((error: unknown) => error);
    logError({ logger }, "a test", new BackupError("INTERNAL", "It failed.", { cause }));
  }
  expect(lines.join()).not.toContain("a-secret-name");
  expect(lines[0]).toMatch(
    /INTERNAL: It failed\.\ncaused by: PostgreSQL's error 22P02, .*\n {4}at /,
  );
  expect(lines.at(-1)).toContain("a_table_that_is_missing");
});
