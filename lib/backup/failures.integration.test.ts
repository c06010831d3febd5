import { PassThrough, Writable } from "node:stream";
import { describe, expect, test } from "vitest";
import { BackupError } from "../errors.ts";
import {
  backUp,
  errorOf,
  leftSessions,
  openTestDatabase,
  testDatabase,
} from "../testing/backups.ts";
import type { TestDatabase } from "../testing/database.ts";
import { until } from "../testing/patience.ts";

/** Two tables of about 5 MB each. */
const SQL = `
  CREATE TABLE a (id int PRIMARY KEY, note text); CREATE TABLE b (id int PRIMARY KEY, note text);
  INSERT INTO a SELECT i, repeat(md5(i::text), 100) FROM generate_series(1, 1500) i; INSERT INTO b SELECT * FROM a`;

/** An output that calls `act` once, in the middle of the rows. */
function outputThat(act: (output: Writable) => void) {
  let bytes = 0;
  let isEnded = false;
  const output: Writable = new Writable({
    write(chunk: Buffer, _encoding, done) {
      const before = bytes;
      bytes += chunk.length;
      // Measured in compressed bytes of a.json.
      if (before <= 50_000 && bytes > 50_000) act(output);
      setImmediate(done);
    },
    final(done) {
      isEnded = true;
      done();
    },
  });
  return { output, isEnded: () => isEnded };
}

const terminate = (db: TestDatabase) =>
  db.query(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'prisma-backup-admin backup'",
  );

describe("a backup that is broken off ends with an error, a destroyed output and no session", () => {
  const stop = new AbortController();
  const reasoned = new AbortController();
  const cases: Array<{
    by: string;
    code: string;
    says?: RegExp;
    act(output: Writable, db: TestDatabase): void;
    signal?: AbortSignal;
  }> = [
    { by: "its output's end", code: "ABORTED", act: (output) => output.destroy() },
    {
      by: "its output's failure",
      code: "DUMP_FAILED",
      act: (output) => output.destroy(Object.assign(new Error("no space"), { code: "ENOSPC" })),
    },
    { by: "cancelling", code: "ABORTED", act: () => stop.abort(), signal: stop.signal },
    {
      by: "a reason of the caller's",
      code: "INTERRUPTED",
      act: () => reasoned.abort(new BackupError("INTERRUPTED", "The operation was forgotten.")),
      signal: reasoned.signal,
    },
    {
      by: "its session's end on the server",
      code: "DUMP_FAILED",
      says: /\. No backup was made; it stopped at public\.[ab]\.$/,
      act: (_, db) => void terminate(db),
    },
  ];
  test.for(cases)("by $by", async ({ act, code, says, signal }) => {
    const { db, database } = await testDatabase({ sql: SQL });
    const { output, isEnded } = outputThat((it) => act(it, db));
    const error = await errorOf(backUp(database, { output, signal }));
    expect(error.code).toBe(code);
    if (says) expect(error.message).toMatch(says);
    await until("the output is destroyed", async () => output.destroyed);
    expect(isEnded()).toBe(false);
    await until("the session is gone", async () => (await leftSessions(db)).length === 0);
  });

  test("before it began: cancelled already", async () => {
    const { db, database } = await testDatabase({ sql: SQL });
    const output = new PassThrough();
    expect((await errorOf(backUp(database, { output, signal: AbortSignal.abort() }))).code).toBe(
      "ABORTED",
    );
    await until("the output is destroyed", async () => output.destroyed);
    await until("the session is gone", async () => (await leftSessions(db)).length === 0);
  });

  test("before it began: a server that is not there", async () => {
    const output = new PassThrough();
    const database = openTestDatabase("postgresql://127.0.0.1:1/nothing");
    const error = await errorOf(backUp(database, { output }));
    expect(error.code).toBe("DATABASE_UNREACHABLE");
    await until("the output is destroyed", async () => output.destroyed);
  });
});
