import type pg from "pg";
import type { Database } from "../../postgres/connection/connection.ts";
import {
  IS_ONE_SESSION,
  ONE_SESSION,
  ONE_SESSION_HINT,
} from "../../postgres/connection/one-session.ts";
import { OwnClient } from "../../postgres/connection/own-client.ts";
import { recogniseAccess } from "../../postgres/connection/pooler.ts";
import { toBackupError } from "../../to-backup-error.ts";
import { attempt, type Finding, findingsOf } from "./finding.ts";

const OLDEST = 15;
const NEWEST = 18;

interface Server {
  database: string;
  role: string;
  version: string;
  versionNumber: number;
  isEncrypted: boolean | null;
  isReplica: boolean;
  isOneSession: boolean;
}

const SERVER_SQL = `
  SELECT pg_catalog.current_database() AS database, current_user AS role,
    pg_catalog.current_setting('server_version') AS version,
    pg_catalog.current_setting('server_version_num')::int AS "versionNumber",
    (SELECT ssl FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()) AS "isEncrypted",
    pg_catalog.pg_is_in_recovery() AS "isReplica", ${IS_ONE_SESSION} AS "isOneSession"`;

/**
 * Checks how the app reaches its database, and what kind of server it is.
 *
 * @param from where the connection string comes from
 * @returns `isUsable`: the other checks can run
 */
export async function checkConnection(
  database: Database,
  from: string,
): Promise<{ findings: Finding[]; isUsable: boolean }> {
  const { found: findings, ok, note, warning, problem } = findingsOf("Database");
  const config: pg.ClientConfig = {
    ...database.pool.options,
    password: database.pool.options.password,
  };
  let server: Server;
  try {
    server = await readServer(config);
  } catch (thrown) {
    const { message, hint = "Look into the server's log." } = toBackupError(thrown);
    problem("UNREACHABLE", `At ${database.server} (from ${from}): ${message}`, hint);
    return { findings, isUsable: false };
  }
  ok(
    "CONNECTION",
    `Connected to ${server.database} at ${database.server} as ${server.role} (from ${from}).`,
  );
  if (server.isOneSession) {
    problem("ONE_SESSION", ONE_SESSION, `${ONE_SESSION_HINT} The rest was not looked at.`);
    return { findings, isUsable: false };
  }

  const major = Math.floor(server.versionNumber / 10_000);
  if (major < OLDEST) {
    problem(
      "SERVER_VERSION",
      `PostgreSQL ${server.version} is not supported: ${OLDEST} or newer is needed.`,
      `Upgrade the server to PostgreSQL ${OLDEST} or newer.`,
    );
    return { findings, isUsable: false };
  }
  if (major > NEWEST)
    note(
      "SERVER_VERSION",
      `PostgreSQL ${server.version} is newer than what this version was tested with (${NEWEST}).`,
      "Look for a newer prisma-backup-admin, and try a restore before you rely on it.",
    );
  else ok("SERVER_VERSION", `PostgreSQL ${server.version}`);

  if (server.isReplica) {
    problem(
      "REPLICA",
      "This server is a standby (a read replica), which takes no writes: nothing can be restored into it, nor operations recorded.",
      "Use the primary server's connection string. A backup can be made here from a terminal.",
    );
  }
  const what = "Whether a pooler is in between";
  const area = "Database";
  switch (await attempt(findings, { area, code: "POOLER", what }, () => recogniseAccess(config))) {
    case "direct":
      ok("POOLER", "The connection is direct: there is no pooler in between.");
      break;
    case "session pooler":
      note(
        "POOLER",
        "A pooler or proxy is in between. It keeps one server connection for each client, so everything works.",
        "You need to do nothing. A direct connection is faster and has fewer limits.",
      );
      break;
    case "transaction pooler":
      problem(
        "POOLER",
        "A transaction pooler is in between: each transaction may run on another connection, and settings and locks are lost.",
        "Set DIRECT_URL, or `connectionString` of createBackupAdmin, to the direct connection: PgBouncer's server itself or a pool in session mode, Supabase's port 5432, Neon's host without -pooler. Then run this again: the rest was not looked at.",
      );
      return { findings, isUsable: false };
  }
  const isLocal = /^(?:localhost|127\.|\[?::1|\/)/.test(database.server);
  if (server.isEncrypted === false && !isLocal) {
    warning(
      "TLS",
      `The connection to ${database.server} is not encrypted.`,
      "Add sslmode=verify-full to the connection string, or give createBackupAdmin `ssl`.",
    );
  }
  return { findings, isUsable: true };
}

async function readServer(config: pg.ClientConfig): Promise<Server> {
  const client = new OwnClient(config);
  try {
    await client.connect();
    const { rows } = await client.query<Server>(SERVER_SQL);
    if (!rows[0]) throw new Error("no row");
    return rows[0];
  } finally {
    await client.end().catch(() => {});
  }
}
