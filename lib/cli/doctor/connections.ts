import type pg from "pg";
import {
  COMMAND_CONNECTIONS,
  PAGE_CONNECTIONS,
} from "../../postgres/connection/connection-count.ts";
import { type Finding, findingsOf } from "./finding.ts";

interface Limit {
  /** What the limit belongs to, and its name in SQL. */
  kind: "role" | "database" | "server";
  name: string;
  allowed: number;
  /** Connections in use, without those of this command. */
  used: number;
}

/** The limits of a role and of a database do not apply to superusers, and they may use the reserved connections. */
const LIMITS_SQL = `
  WITH used AS (
    SELECT usesysid, datid FROM pg_catalog.pg_stat_activity
    WHERE usesysid IS NOT NULL AND pid <> pg_catalog.pg_backend_pid()
  ), me AS (SELECT * FROM pg_catalog.pg_roles WHERE rolname = current_user)
  SELECT 'role' AS kind, pg_catalog.quote_ident(me.rolname) AS name, me.rolconnlimit AS allowed,
    (SELECT pg_catalog.count(*)::int FROM used WHERE usesysid = me.oid) AS used
  FROM me WHERE rolconnlimit >= 0 AND NOT rolsuper
  UNION ALL
  SELECT 'database', pg_catalog.quote_ident(d.datname), d.datconnlimit, (SELECT pg_catalog.count(*)::int FROM used WHERE datid = d.oid)
  FROM pg_catalog.pg_database d, me
  WHERE d.datname = pg_catalog.current_database() AND d.datconnlimit >= 0 AND NOT me.rolsuper
  UNION ALL
  SELECT 'server', 'max_connections', pg_catalog.current_setting('max_connections')::int - CASE WHEN me.rolsuper THEN 0 ELSE
      pg_catalog.current_setting('superuser_reserved_connections')::int
      + coalesce(pg_catalog.current_setting('reserved_connections', true)::int, 0) END,
    (SELECT pg_catalog.count(*)::int FROM used)
  FROM me`;

/** Checks that enough connections are free for the page and the command. */
export async function checkConnections(client: pg.ClientBase): Promise<Finding[]> {
  const { found, ok, warning, problem } = findingsOf("Database");
  const { rows } = await client.query<Limit>(LIMITS_SQL);
  for (const limit of rows) {
    const { allowed, used } = limit;
    const free = Math.max(0, allowed - used);
    if (allowed < PAGE_CONNECTIONS) {
      problem(
        "CONNECTIONS",
        `${nameOf(limit)} allows ${allowed} at once. The page needs ${PAGE_CONNECTIONS} beside those of the app, a command ${COMMAND_CONNECTIONS}.`,
        `Allow at least ${PAGE_CONNECTIONS} more than the app's own pool has: ${statementFor(limit)}`,
      );
    } else if (free < PAGE_CONNECTIONS) {
      warning(
        "CONNECTIONS",
        `${nameOf(limit)} allows ${allowed} at once, and ${used} are in use: ${free} are left. The page needs ${PAGE_CONNECTIONS} beside those of the app, a command ${COMMAND_CONNECTIONS}.`,
        `End what is not needed, give the app a smaller pool, or allow more: ${statementFor(limit)}`,
      );
    }
  }
  if (found.length === 0) {
    const least = Math.min(...rows.map(({ allowed, used }) => allowed - used));
    ok("CONNECTIONS", `${least} more connections can be had: the page needs ${PAGE_CONNECTIONS}.`);
  }
  return found;
}

const nameOf = ({ kind, name }: Limit): string =>
  kind === "server"
    ? "The server (max_connections, without what is reserved)"
    : `CONNECTION LIMIT of the ${kind} ${name}`;

const statementFor = ({ kind, name }: Limit): string =>
  kind === "server"
    ? "raise max_connections, and restart the server."
    : `ALTER ${kind.toUpperCase()} ${name} CONNECTION LIMIT ….`;
