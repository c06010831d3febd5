import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import { BackupError } from "./errors.ts";
import type { Database } from "./postgres/connection.ts";

/** The app's client may wait for a connection of its pool. */
const ANSWER_MS = 10_000;

interface Identity {
  name: string;
  /** Of the server and its replicas; null where the role may not ask. */
  system: string | null;
  isReplica: boolean;
}

const IDENTITY_SQL = `
  SELECT pg_catalog.current_database()::text AS name, pg_catalog.pg_is_in_recovery() AS "isReplica",
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
      THEN (SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() c) END AS system`;

/**
 * Proves that a connection reaches the database that the app's own client is connected to: that client is asked for a
 * lock which this connection holds. A client that cannot be asked is taken at its word.
 *
 * @param prisma the app's PrismaClient; it may read from a replica
 * @throws CONFIG_INVALID where it is another database. Nothing was read or written.
 */
export async function requireSameDatabase(prisma: object, database: Database): Promise<void> {
  const query: unknown = Reflect.get(prisma, "$queryRawUnsafe");
  if (typeof query !== "function") return;
  async function ask<Row>(sql: string): Promise<Row | null> {
    const answer: Promise<Row[]> = Reflect.apply(query as () => Promise<Row[]>, prisma, [sql]);
    const rows = await Promise.race([answer, setTimeout(ANSWER_MS, null, { ref: false })]).catch(
      () => null,
    );
    return rows?.[0] ?? null;
  }

  const client = await database.connect("identity").catch(() => null);
  // What is wrong with it shows when it is used.
  if (!client) return;
  try {
    const [a, b] = [randomInt(2 ** 31), randomInt(2 ** 31)];
    await client.query("SELECT pg_catalog.pg_advisory_lock($1, $2)", [a, b]);
    const seen = await ask<{ isSame: boolean }>(
      `SELECT EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
         WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory' AND l.classid = ${a} AND l.objid = ${b}) AS "isSame"`,
    );
    if (!seen || seen.isSame) return;
    const theirs = await ask<Identity>(IDENTITY_SQL);
    const ours = (await client.query<Identity>(IDENTITY_SQL)).rows[0];
    if (theirs && ours && isReplicaOf(theirs, ours)) return;
    throw new BackupError(
      "CONFIG_INVALID",
      `The app's Prisma client is connected to another database than ${database.server} (${ours?.name}), which its settings lead to from here. Nothing was read or written.`,
      {
        hint: "Give the connection itself: `connectionString`, or `pool` with all that your client's adapter was given.",
      },
    );
  } finally {
    await client.end().catch(() => {});
  }
}

const isReplicaOf = (theirs: Identity, ours: Identity): boolean =>
  theirs.isReplica &&
  theirs.name === ours.name &&
  theirs.system !== null &&
  theirs.system === ours.system;
