import { once } from "node:events";
import { isIPv6 } from "node:net";
import pg from "pg";
import { BackupError } from "../../errors.ts";
import { hasSqlState, TOO_MANY_CONNECTIONS } from "../errors/sqlstate.ts";
import { describeUnreadable, noUrl, prismasOwnUrl } from "./connect-failure.ts";
import { POOL_CONNECTIONS } from "./connection-count.ts";
import { IS_ONE_SESSION, requireSessionsOfOnesOwn } from "./one-session.ts";
import { OwnClient } from "./own-client.ts";
import { type ConnectionConfig, ONLY_TABLES, readOwnSearchPath } from "./own-settings.ts";
import { requireSessions } from "./pooler.ts";
import { SessionWatch } from "./session-waits.ts";

declare module "pg" {
  interface Client {
    // `pg` has these, but its types do not.
    /** Process ID of the connection's server process; null until connected. */
    processID: number | null;
    /** False while a statement runs. */
    readyForQuery: boolean;
  }
}

/** A PostgreSQL database and how to connect to it. `await using` closes it. */
export interface Database extends AsyncDisposable {
  /** For short statements outside dumps and loads: catalog, operations, checks. */
  readonly pool: pg.Pool;
  /** `host:port` for people to read, without credentials. */
  readonly server: string;
  /**
   * Opens a separate connection for a dump, a load or a lock. The caller owns it and must end it.
   *
   * @throws BackupError DATABASE_UNREACHABLE, or CONFIG_INVALID for a transaction pooler
   */
  connect(purpose: string): Promise<pg.Client>;
  close(): Promise<void>;
}

/**
 * Session settings for reading and writing values as text and for running statements. They make the defaults of the
 * server, database and role irrelevant. A setting that the server's version does not know is left out.
 */
const SESSION_SETTINGS = {
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  extra_float_digits: "3",
  bytea_output: "hex",
  // Determines the currency of `money`.
  lc_monetary: "C",
  // If off, NULL in the text of an array would be read as a string.
  array_nulls: "on",
  standard_conforming_strings: "on",
  xmloption: "content",
  // Definitions of types and constraints are compared as text.
  quote_all_identifiers: "off",
  // With an empty path, names and types come out schema-qualified. A load uses the role's own path (own-settings.ts).
  search_path: "",
  [ONLY_TABLES.name]: ONLY_TABLES.value,
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  transaction_timeout: "0",
  idle_session_timeout: "0",
  // Reading the catalog or counting rows must not wait forever. Dumps and loads set their own limit.
  lock_timeout: "5s",
  default_transaction_read_only: "off",
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  // Another value would skip the checks against tables that a restore does not load. Set only if the role may set it.
  session_replication_role: "origin",
};

/** Records of operations must be written even while a restore waits for a standby that does not answer. */
const POOL_SETTINGS = { synchronous_commit: "local" };

/**
 * Applies the settings, with two exceptions. If `$2` is not this session's process, a pooler made that number up, and
 * the settings might reach another session. If all connections share one session, nothing is set either.
 *
 * SQL_ASCII has no encoding to convert from, so its bytes pass unchanged.
 */
const SETTINGS_SQL = `
  SELECT pg_catalog.set_config('client_encoding',
    CASE pg_catalog.current_setting('server_encoding') WHEN 'SQL_ASCII' THEN 'SQL_ASCII' ELSE 'UTF8' END, false), pg_catalog.pg_backend_pid() AS pid
  WHERE ($2::int IS NULL OR $2 = pg_catalog.pg_backend_pid()) AND NOT ${IS_ONE_SESSION}
  UNION ALL
  SELECT pg_catalog.set_config(x.key, x.value, false), pg_catalog.pg_backend_pid()
  FROM pg_catalog.json_each_text($1) x
  WHERE pg_catalog.current_setting(x.key, true) IS NOT NULL
    AND (x.key <> 'session_replication_role' OR pg_catalog.has_parameter_privilege(x.key, 'SET'))
    AND ($2::int IS NULL OR $2 = pg_catalog.pg_backend_pid()) AND NOT ${IS_ONE_SESSION}`;

/** @returns the session's process ID, or null if it differs from `pid` */
async function applySettings(
  client: pg.ClientBase,
  pid: number | null,
  more: Record<string, string>,
): Promise<number | null> {
  const settings = JSON.stringify({ ...SESSION_SETTINGS, ...more });
  const { rows } = await client.query<{ pid: number }>(SETTINGS_SQL, [settings, pid]);
  return rows[0] ? Number(rows[0].pid) : null;
}

/**
 * Prepares access to a database. Opens no connection yet.
 *
 * @param config as for `pg`: a `connectionString`, or host, port, user, password, database, ssl; and a schema
 * @throws BackupError CONFIG_INVALID if the connection string cannot be read
 */
export function openDatabase(config: ConnectionConfig): Database {
  const connectionConfig: ConnectionConfig = {
    connectionTimeoutMillis: 15_000,
    keepAlive: true,
    ...config,
  };
  const { connectionTimeoutMillis = 0 } = connectionConfig;
  const probe = parseConfig(connectionConfig);
  let sessions: Promise<void> | undefined;
  /** Applies the settings to a new connection, and determines its process ID. */
  const prepare = async (client: OwnClient, settings: Record<string, string> = {}) => {
    if ((await applySettings(client, client.processID, settings)) !== null) return;
    await requireSessionsOfOnesOwn(client);
    sessions ??= requireSessions(connectionConfig).catch((error: unknown) => {
      sessions = undefined;
      throw error;
    });
    await sessions;
    // Cancelling needs the real process ID.
    client.processID = await applySettings(client, null, settings);
  };
  const pool = new pg.Pool({
    ...connectionConfig,
    // Longer than the connection's own limit, so that its error comes first: it says what is wrong.
    connectionTimeoutMillis: connectionTimeoutMillis && connectionTimeoutMillis + 1000,
    application_name: APPLICATION_NAME,
    max: POOL_CONNECTIONS,
    idleTimeoutMillis: 10_000,
    allowExitOnIdle: true,
    Client: class extends OwnClient {
      constructor(options: pg.ClientConfig = {}) {
        super({ ...options, password: options.password, connectionTimeoutMillis });
      }
    },
    onConnect: (client) =>
      prepare(client as OwnClient, POOL_SETTINGS).catch((error: unknown) => {
        throw (client as OwnClient).describeFailure(error);
      }),
  });
  // If the server ends an idle pooled connection, the process must not end too.
  pool.on("error", () => {});
  const close = () => pool.end();
  const watch = new SessionWatch(pool);
  pool.on("connect", (client) => watch.add(client as pg.Client));
  return {
    pool,
    // `stream` is the app's own function. It may connect anywhere, whatever host is configured.
    server: config.stream ? "the app's own connector" : addressOf(probe),
    async connect(purpose) {
      const attempt = () => connect(connectionConfig, purpose, prepare);
      const client = await attempt().catch(async (error: unknown) => {
        if (!isTooMany(error)) throw error;
        await watch.isQuiet();
        if (!(await closeIdle(pool))) throw error;
        return attempt();
      });
      watch.add(client);
      return client;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const isTooMany = (error: unknown): boolean =>
  error instanceof BackupError && hasSqlState(error.cause, TOO_MANY_CONNECTIONS);

/** Closes the pool's idle connections: a role may be allowed only one. @returns whether there was any */
async function closeIdle(pool: pg.Pool): Promise<boolean> {
  const { idleCount } = pool;
  while (pool.idleCount > 0) {
    const client = await pool.connect();
    const ended = once(client, "end");
    client.release(true);
    await ended;
  }
  return idleCount > 0;
}

const addressOf = ({ host, port }: pg.Client): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;

function parseConfig(config: pg.ClientConfig): pg.Client {
  const { connectionString = "" } = config;
  if (/^prisma(?:\+postgres)?:/.test(connectionString)) throw prismasOwnUrl();
  // The path of a socket is valid too.
  if (!/^(?:$|\/|socket:|postgres(?:ql)?:)/i.test(connectionString)) throw noUrl();
  try {
    return new pg.Client(config);
  } catch (error) {
    // Not passed on as the cause: the original error holds the password.
    throw describeUnreadable(error);
  }
}

const APPLICATION_NAME = "prisma-backup-admin";

async function connect(
  config: ConnectionConfig,
  purpose: string,
  prepare: (client: OwnClient) => Promise<void>,
): Promise<pg.Client> {
  const client = new OwnClient({ ...config, application_name: `${APPLICATION_NAME} ${purpose}` });
  client.connection.on("errorMessage", (error: Error) => endedBy.set(client, error));
  client.connection.on("readyForQuery", () => endedBy.delete(client));
  try {
    await client.connect();
    await prepare(client);
    await readOwnSearchPath(client, config);
    return client;
  } catch (error) {
    await client.end().catch(() => {});
    throw client.describeFailure(error);
  }
}

/** The last error of a connection that has taken no statement since. The next statement's error does not tell it. */
const endedBy = new WeakMap<pg.Client, Error>();

/** The error with which PostgreSQL ended the connection, if it sent one; otherwise `error` itself. */
export function explainEnd(client: pg.Client, error: unknown): unknown {
  const end = endedBy.get(client);
  const said = error instanceof BackupError ? error.cause : error;
  return end instanceof pg.DatabaseError && !(said instanceof pg.DatabaseError) ? end : error;
}

const CANCEL_AGAIN_MS = 250;

/** A cancelled statement ends within moments. After this many attempts, the connection counts as dead. */
const CANCEL_ATTEMPTS = 40;

/** Cancels what `client` runs when `signal` aborts; the caller rolls back. @returns what stops listening */
export function cancelOnAbort(
  client: pg.Client,
  { pool }: Database,
  signal: AbortSignal | undefined,
): () => void {
  let timer: NodeJS.Timeout | undefined;
  let attempts = 0;
  const cancel = () => {
    if (++attempts > CANCEL_ATTEMPTS) return abandon(client);
    pool
      .query("SELECT pg_catalog.pg_cancel_backend($1)", [client.processID])
      .catch(() => abandon(client));
  };
  const start = () => {
    cancel();
    // Between two statements there is nothing to cancel, but the next one may wait for a lock. So repeat.
    timer = setInterval(cancel, CANCEL_AGAIN_MS);
  };
  signal?.addEventListener("abort", start, { once: true });
  return () => {
    signal?.removeEventListener("abort", start);
    clearInterval(timer);
  };
}

/**
 * If `signal` aborts or has aborted, stops `client`'s commit from waiting for a synchronous standby. The commit itself
 * stands.
 *
 * @returns a function that stops listening
 */
export function stopWaitingOnAbort(
  client: pg.Client,
  { pool }: Database,
  signal: AbortSignal | undefined,
): () => void {
  const cancel = () => {
    if (!signal?.aborted) return;
    pool
      .query(
        "SELECT pg_catalog.pg_cancel_backend(pid) FROM pg_catalog.pg_stat_activity WHERE pid = $1 AND wait_event = 'SyncRep'",
        [client.processID],
      )
      // After this, the outcome is unknown until the server notices the lost connection.
      .catch(() => abandon(client));
  };
  const timer = setInterval(cancel, CANCEL_AGAIN_MS);
  return () => clearInterval(timer);
}

/** Cuts a connection at once, even during a statement. The server rolls its transaction back. */
export function abandon(client: pg.Client): void {
  // `end()` would wait for the running statement, which may be a COPY that nothing reads any more.
  client.connection.stream.destroy();
}
