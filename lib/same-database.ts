import { randomInt } from "node:crypto";
import { setTimeout } from "node:timers/promises";
import type pg from "pg";
import { BackupError } from "./errors.ts";
import type { Database } from "./postgres/connection/connection.ts";

/** How long the app's client may take to answer. It may have to wait for a connection of its pool. */
const ANSWER_MS = 10_000;

interface Identity {
  name: string;
  /** Identifies the server and its replicas. Null if the role may not read it. */
  system: string | null;
  isReplica: boolean;
}

const IDENTITY_SQL = `
  SELECT pg_catalog.current_database()::text AS name, pg_catalog.pg_is_in_recovery() AS "isReplica",
    CASE WHEN pg_catalog.has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
      THEN (SELECT c.system_identifier::text FROM pg_catalog.pg_control_system() c) END AS system`;

/**
 * Proves that a connection reaches the database that the app's own client is connected to. This connection takes a
 * lock, and the client is asked whether it sees that lock. A client that cannot be asked is trusted.
 *
 * @param prisma the app's PrismaClient; it may read from a replica
 * @param isOwn true for the client's own connection, false for DIRECT_URL's, which may be another role's
 * @throws CONFIG_INVALID if it is another database, or the client's own with another role. Nothing was read or written.
 */
export async function requireSameDatabase(
  prisma: object,
  database: Database,
  isOwn: boolean,
): Promise<void> {
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
  // A wrong setting will fail when it is used.
  if (!client) return;
  try {
    const [a, b] = [randomInt(2 ** 31), randomInt(2 ** 31)];
    await client.query("SELECT pg_catalog.pg_advisory_lock($1, $2)", [a, b]);
    const seen = await ask<{ isSame: boolean; role: string }>(
      `SELECT session_user::text AS role, EXISTS (SELECT FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_database d ON d.oid = l.database
         WHERE d.datname = pg_catalog.current_database() AND l.locktype = 'advisory' AND l.classid = ${a} AND l.objid = ${b}) AS "isSame"`,
    );
    if (!seen) return;
    if (seen.isSame) return isOwn ? await requireSameRole(client, seen.role) : undefined;
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

/**
 * Requires the same role, because another one may see other rows. It compares only the role that has logged in. An app
 * may well SET ROLE on its own connections for its visitors, but a backup must contain the rows of all of them.
 */
async function requireSameRole(client: pg.ClientBase, theirs: string): Promise<void> {
  const { rows } = await client.query<{ role: string }>("SELECT session_user::text AS role");
  const ours = rows[0]?.role;
  if (ours === theirs) return;
  throw new BackupError(
    "CONFIG_INVALID",
    `The app's Prisma client is connected as ${theirs}, and its settings lead to the same database as ${ours}, who may see other rows. Nothing was read or written.`,
    { hint: "Give the connection that is meant: `connectionString`, `pool`, or DIRECT_URL." },
  );
}

const isReplicaOf = (theirs: Identity, ours: Identity): boolean =>
  theirs.isReplica &&
  theirs.name === ours.name &&
  theirs.system !== null &&
  theirs.system === ours.system;
