import { expect, test } from "vitest";
import { testDatabase } from "../testing/backups.ts";
import { truncationStatus } from "./transaction.ts";

test("a number that the server gave to somebody else after a crash is not taken for the restore's commit", async () => {
  const { db, database } = await testDatabase({
    sql: "CREATE TABLE t (i int); CREATE TABLE u (i int)",
  });
  const run = async (statements: string) => {
    const client = await database.connect("test");
    await client.query("BEGIN");
    const { rows } = await client.query("SELECT pg_current_xact_id()::text AS xid");
    for (const statement of statements.split("; ")) await client.query(statement);
    await client.end();
    return String(rows[0].xid);
  };
  const [tables] = await db.query(
    "SELECT ARRAY['t'::regclass::oid::int, 'u'::regclass::oid::int] AS oids",
  );
  const oids = tables?.oids as number[];
  const status = async (xid: string) => truncationStatus(database.pool, xid, oids);
  expect(await status(await run("TRUNCATE public.t; COMMIT"))).toBe("committed");
  expect(
    await status(await run("TRUNCATE public.u; INSERT INTO public.u VALUES (1); COMMIT")),
  ).toBe("committed");
  expect(await status(await run("TRUNCATE public.t; ROLLBACK"))).toBe("aborted");
  // A committed transaction that changed none of the tables, as if its ID were given to another one.
  expect(await status(await run("INSERT INTO public.t VALUES (1); COMMIT"))).toBe("unknown");
  // An ID that the server has lost and not given out again.
  expect(await status("9999999999999")).toBe("aborted");
});
