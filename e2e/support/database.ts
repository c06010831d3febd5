import { expect } from "@playwright/test";
import pg from "pg";
import { pgDumpText } from "../../lib/testing/oracles.ts";
import { databaseUrl } from "./environment.ts";

/** Returns the whole database as text: schema, rows, sequences. */
export const dumpDatabase = (): Promise<string> => pgDumpText(databaseUrl());

/** Fails with the first line that differs, instead of megabytes. */
export async function expectDatabase(before: string, url = databaseUrl()): Promise<void> {
  expect(firstDifference(before, await pgDumpText(url))).toBe("");
}

function firstDifference(before: string, after: string): string {
  if (before === after) return "";
  const lines = before.split("\n");
  const others = after.split("\n");
  const at = lines.findIndex((line, index) => line !== others[index]);
  const cut = (line = "(no line)") => line.slice(0, 300);
  return `line ${at + 1}, before: ${cut(lines[at])}\nafter: ${cut(others[at])}`;
}

/** Returns the rows of each table by SELECT, as `schema.table` → rows. */
export async function countRows(tables: string[]): Promise<Map<string, number>> {
  const quote = (table: string) => table.split(".").map(pg.escapeIdentifier).join(".");
  const counted = await query<{ table: string; rows: number }>(
    tables
      .map((table) => `SELECT '${table}' AS table, count(*)::int AS rows FROM ${quote(table)}`)
      .join(" UNION ALL "),
  );
  return new Map(counted.map(({ table, rows }) => [table, rows]));
}

export async function query<Row extends pg.QueryResultRow>(
  sql: string,
  values: unknown[] = [],
): Promise<Row[]> {
  await using session = await openSession();
  return (await session.client.query<Row>(sql, values)).rows;
}

async function openSession(connectionString = databaseUrl()) {
  const client = new pg.Client({ connectionString });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** Something that an operation waits for until it is released. */
export interface Hold extends AsyncDisposable {
  release(): Promise<void>;
}

const GATE = 4711;

/** The id is not divisible by three, so the shop's mess keeps this order. */
const MIDDLE_OF_SHOP = { url: undefined, table: "order_lines", row: "order_id = 1000" };

/**
 * Stops every restore while it loads a table: at one row, a constraint waits until this session releases it. The tables
 * before it are loaded by then, those after it are not.
 *
 * @param middle the row, as a condition. Default: an order line of the shop
 */
export async function holdRestore(
  middle: { url: string | undefined; table: string; row: string } = MIDDLE_OF_SHOP,
): Promise<Hold> {
  // Only a superuser may add an object to an extension.
  const { client } = await openSession(asSuperuser(middle.url ?? databaseUrl()));
  await client.query("SELECT pg_advisory_lock($1)", [GATE]);
  // This session itself passes the gate. The constraint is valid, because a restore would remove one that is NOT VALID.
  // The function polls, because a wait for the lock itself would end at the restore's lock timeout. It belongs to an
  // extension, because a restore removes constraints that call a user's functions.
  await client.query(`
    CREATE FUNCTION public.e2e_gate() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN
      WHILE NOT pg_try_advisory_xact_lock_shared(${GATE}) LOOP PERFORM pg_sleep(0.05); END LOOP;
      RETURN true;
    END $$;
    ALTER EXTENSION plpgsql ADD FUNCTION public.e2e_gate();
    ALTER TABLE ${middle.table} ADD CONSTRAINT e2e_gate
      CHECK (NOT (${middle.row}) OR public.e2e_gate())`);
  return holdUntilReleased(async () => {
    await client.query("SELECT pg_advisory_unlock($1)", [GATE]);
    // This statement waits for the end of the restore, which has locked the table.
    await client.query(
      `ALTER TABLE ${middle.table} DROP CONSTRAINT e2e_gate;
       ALTER EXTENSION plpgsql DROP FUNCTION public.e2e_gate(); DROP FUNCTION public.e2e_gate()`,
    );
    await client.end();
  });
}

/**
 * Stops every backup after it has read all tables and before it reads the sequences and writes the manifest. Holds for
 * at most half a minute, which is the backup's lock timeout.
 */
export async function holdBackup(): Promise<Hold> {
  const { client } = await openSession();
  await client.query("BEGIN");
  // A read of a sequence waits until the session that renames it has ended. The rename is rolled back.
  await client.query("ALTER SEQUENCE audit_events_id_seq RENAME TO e2e_held");
  return holdUntilReleased(async () => {
    await client.query("ROLLBACK");
    await client.end();
  });
}

const asSuperuser = (url: string): string =>
  Object.assign(new URL(url), { username: "postgres", password: "postgres" }).href;

/** Released once, and at the latest when the test ends. */
function holdUntilReleased(release: () => Promise<void>): Hold {
  let released: Promise<void> | undefined;
  const once = () => {
    released ??= release();
    return released;
  };
  return { release: once, [Symbol.asyncDispose]: once };
}
