/** Finds what blocks a lock: sessions that hold it, sessions that asked for it earlier, and prepared transactions. */
import type pg from "pg";
import { BackupError } from "../errors.ts";
import { formatSome } from "../shared/format.ts";
import { quoteLiteral } from "./identifiers.ts";

/**
 * Lock modes as in `pg_locks`, numbered from 1 as in PostgreSQL's lockdefs.h, with the numbers of those that each
 * conflicts with: https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
const CONFLICTING = {
  AccessShareLock: [8],
  RowShareLock: [7, 8],
  RowExclusiveLock: [5, 6, 7, 8],
  ShareUpdateExclusiveLock: [4, 5, 6, 7, 8],
  ShareLock: [3, 4, 6, 7, 8],
  ShareRowExclusiveLock: [3, 4, 5, 6, 7, 8],
  ExclusiveLock: [2, 3, 4, 5, 6, 7, 8],
  AccessExclusiveLock: [1, 2, 3, 4, 5, 6, 7, 8],
};

const MODES = Object.keys(CONFLICTING);

/** The names of the modes that each mode conflicts with. */
const CONFLICTS: Record<string, string[]> = Object.fromEntries(
  Object.entries(CONFLICTING).map(([mode, others]) => [
    mode,
    others.map((number) => `${MODES[number - 1]}`),
  ]),
);

/** A session or prepared transaction that blocks a lock. */
export interface LockHolder {
  /** Process ID of the session that it keeps waiting. */
  waiting: number;
  /** Null for a prepared transaction, which has no session. */
  pid: number | null;
  application: string | null;
  role: string | null;
  /** `client backend`, `autovacuum worker`, `walsender` …; null if the role may not see it. */
  kind: string | null;
  isIdle: boolean | null;
  /** In the form `00:01:02`. */
  idleFor: string | null;
  runsFor: string | null;
  preventsWraparound: boolean | null;
  /** What the holder itself waits for; `something` if it is not a relation. */
  awaits: string | null;
  /** The prepared transaction's name, its database, and when it was prepared. */
  gid: string | null;
  database: string | null;
  preparedAt: string | null;
  /** `schema.name` of the relations that it holds. */
  relations: string[];
}

const label = (oid: string): string =>
  `(SELECT n.nspname || '.' || c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ${oid})`;

const elapsed = (since: string): string =>
  `pg_catalog.to_char(extract(epoch FROM pg_catalog.clock_timestamp() - ${since})::int * interval '1 second', 'HH24:MI:SS')`;

/** What identifies a locked object. */
const tagOf = (l: string): string =>
  `ROW(${l}.locktype, ${l}.database, ${l}.relation, ${l}.page, ${l}.tuple, ${l}.virtualxid, ${l}.transactionid, ${l}.classid, ${l}.objid, ${l}.objsubid)`;

/**
 * Describes lock holders. Fields of other roles' sessions are NULL if the role may not see them. The leader stands for
 * the workers of a parallel query. If a holder waits itself, its blockers are included too.
 *
 * @param found a query for (waiting, pid, vxid, relation) of `pg_locks`
 */
const describing = (found: string): string => `
  WITH RECURSIVE found(waiting, pid, vxid, relation) AS (
    ${found}
    UNION
    SELECT f.waiting, b.pid, b.vxid, w.relation
    FROM found f JOIN pg_catalog.pg_locks w ON w.pid = f.pid AND NOT w.granted CROSS JOIN LATERAL (
      SELECT b.pid, NULL::text AS vxid FROM pg_catalog.unnest(pg_catalog.pg_blocking_pids(w.pid)) b(pid) WHERE b.pid <> 0
      UNION ALL
      SELECT NULL, l.virtualtransaction FROM pg_catalog.pg_locks l
      WHERE ${tagOf("l")} IS NOT DISTINCT FROM ${tagOf("w")} AND l.granted AND l.pid IS NULL
        AND ${quoteLiteral(JSON.stringify(CONFLICTS))}::jsonb -> w.mode ? l.mode
    ) b
    WHERE b.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  ),
  named AS (
    SELECT f.waiting, coalesce(w.leader_pid, f.pid) AS pid, CASE WHEN f.pid IS NULL THEN f.vxid END AS vxid,
      coalesce(pg_catalog.array_agg(DISTINCT ${label("f.relation")}) FILTER (WHERE f.relation IS NOT NULL), '{}') AS relations
    FROM found f LEFT JOIN pg_catalog.pg_stat_activity w ON w.pid = f.pid
    WHERE f.pid IS DISTINCT FROM f.waiting
    GROUP BY 1, 2, 3
  )
  SELECT n.waiting, n.pid, a.application_name AS application, coalesce(a.usename, p.owner)::text AS role, a.backend_type AS kind,
    a.state LIKE 'idle in transaction%' AS "isIdle", ${elapsed("a.state_change")} AS "idleFor", ${elapsed("a.xact_start")} AS "runsFor",
    a.query LIKE 'autovacuum:%(to prevent wraparound)' AS "preventsWraparound",
    (SELECT coalesce(${label("l.relation")}, 'something') FROM pg_catalog.pg_locks l WHERE l.pid = n.pid AND NOT l.granted LIMIT 1) AS awaits,
    p.gid, p.database::text AS database,
    pg_catalog.to_char(p.prepared AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS "UTC"') AS "preparedAt",
    (SELECT pg_catalog.array_agg(r ORDER BY r) FROM pg_catalog.unnest(n.relations) r WHERE r IS NOT NULL) AS relations
  FROM named n
  LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = n.pid
  LEFT JOIN LATERAL (
    SELECT p.* FROM pg_catalog.pg_locks x JOIN pg_catalog.pg_prepared_xacts p ON p.transaction = x.transactionid
    WHERE x.pid IS NULL AND x.virtualtransaction = n.vxid LIMIT 1
  ) p ON true
  ORDER BY p.prepared, a.xact_start, n.pid`;

const THIS_DATABASE =
  "(SELECT oid FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database())";

async function query(
  client: pg.ClientBase | pg.Pool,
  found: string,
  values: unknown[],
): Promise<LockHolder[]> {
  const { rows } = await client.query<LockHolder>(describing(found), values);
  return rows.map((row) => ({ ...row, relations: row.relations ?? [] }));
}

/**
 * Finds who blocked a lock on these relations until now. These are the sessions that hold a conflicting lock or asked
 * for one earlier, and their own blockers.
 *
 * @param mode of the lock, for example `ACCESS SHARE`
 * @param waitedMs how long the lock was waited for
 */
export function findLockHolders(
  client: pg.ClientBase | pg.Pool,
  relations: readonly number[],
  mode: string,
  waitedMs: number,
): Promise<LockHolder[]> {
  const name = `${mode.toLowerCase().replaceAll(/(?:^| )(\w)/g, (_, first: string) => first.toUpperCase())}Lock`;
  return query(
    client,
    `SELECT 0, l.pid, l.virtualtransaction, l.relation FROM pg_catalog.pg_locks l
     WHERE l.locktype = 'relation' AND l.database = ${THIS_DATABASE}
       AND l.relation = ANY ($1::oid[]) AND l.mode = ANY ($2) AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
       AND (l.granted OR l.waitstart < pg_catalog.clock_timestamp() - $3 * interval '1 millisecond')`,
    [relations, CONFLICTS[name], waitedMs],
  );
}

/** Finds who blocks these sessions at the moment, whatever they wait for. */
export const findBlockers = (
  client: pg.ClientBase | pg.Pool,
  waiting: readonly number[],
): Promise<LockHolder[]> =>
  query(client, "SELECT pid, pid, NULL::text, NULL::oid FROM pg_catalog.unnest($1::int[]) pid", [
    waiting,
  ]);

/** Finds the one session that holds the restore's advisory lock. */
export const findAdvisoryHolders = (client: pg.ClientBase, key: string): Promise<LockHolder[]> =>
  query(
    client,
    `SELECT 0, l.pid, l.virtualtransaction, NULL::oid FROM pg_catalog.pg_locks l
     WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
       AND l.database = ${THIS_DATABASE} AND (l.classid::bigint << 32) | l.objid::bigint = $1::bigint`,
    [key],
  );

export function describeHolder(holder: LockHolder): string {
  const { pid, application, role, kind, gid, preparedAt, relations, runsFor } = holder;
  const on = relations.length > 0 ? ` on ${formatSome(relations)}` : "";
  if (pid === null) {
    const name = gid === null ? "a prepared transaction" : `the prepared transaction “${gid}”`;
    return `${name} (no session, role ${role ?? "unknown"})${on}${preparedAt ? `, since ${preparedAt}` : ""}`;
  }
  // Of another role's background process, the only visible fact is that it has no role.
  const own = kind === null || kind === "client backend" ? null : kind;
  const name = application || own || (role === null ? "a background process" : "a session");
  const more = [own !== null && own !== name && own, `process ${pid}`, role && `role ${role}`];
  return `${name} (${more.filter(Boolean).join(", ")})${on}${runsFor ? `, for ${runsFor}` : ""}${stateOf(holder)}`;
}

function stateOf({ isIdle, idleFor, preventsWraparound, awaits }: LockHolder): string {
  if (preventsWraparound) return ", vacuums to prevent wraparound, and does not give way";
  if (isIdle) return `, idle in transaction for ${idleFor}`;
  return awaits === null ? "" : `, waits itself for ${awaits}, before this one`;
}

/** What to do about the holders: advice, and statements to copy. */
function remedyFor(holders: readonly LockHolder[]): string {
  const sessions = holders.filter(({ pid, kind }) => pid !== null && !/vacuum/.test(kind ?? ""));
  const ends = sessions.map(({ pid }) => `SELECT pg_terminate_backend(${pid});`);
  const prepared = holders.filter(({ gid }) => gid !== null);
  return [
    `Try again when that work has ended, or end it${ends.length > 0 ? `: ${ends.join(" ")}` : "."}`,
    ...prepared.map(
      ({ gid, database, role }) =>
        `A prepared transaction never ends by itself. As ${role} or a superuser, in database ${database}: ROLLBACK PREPARED ${quoteText(gid ?? "")}; or, to keep its changes, COMMIT PREPARED instead.`,
    ),
  ].join(" ");
}

/** Escapes control characters, which a terminal would execute. */
const quoteText = (text: string): string => {
  const quoted = quoteLiteral(text).trimStart();
  if (!/\p{Cc}/u.test(text)) return quoted;
  const escaped = quoted.replaceAll(
    /\p{Cc}/gu,
    (it) => `\\u${it.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return escaped.startsWith("E") ? escaped : `E${escaped}`;
};

const NAMED = 5;

interface Timeout {
  /** What happened. */
  what: string;
  /** Whether anything changed. */
  outcome: string;
  holders: readonly LockHolder[];
  details?: Record<string, unknown>;
  cause: unknown;
}

export function lockTimeout({ what, outcome, holders, details, cause }: Timeout): BackupError {
  const names = holders.map(describeHolder);
  const more = names.length > NAMED ? `; and ${names.length - NAMED} more` : "";
  const who =
    names.length > 0
      ? `Tables are in use by ${names.slice(0, NAMED).join("; ")}${more}.`
      : "It is not known which session it was.";
  return new BackupError("LOCK_TIMEOUT", `${what}. ${outcome} ${who}`, {
    hint: remedyFor(holders.slice(0, NAMED)),
    details: { ...details, holders: names },
    cause,
  });
}
