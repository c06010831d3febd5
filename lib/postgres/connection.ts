import { isIPv6 } from "node:net";
import pg from "pg";
import { BackupError } from "../errors.ts";
import { describeUnreadable, noUrl, prismasOwnUrl } from "./connect-failure.ts";
import { POOL_CONNECTIONS } from "./connection-count.ts";
import { IS_ONE_SESSION, requireSessionsOfOnesOwn } from "./one-session.ts";
import { OwnClient } from "./own-client.ts";
import { type ConnectionConfig, ONLY_TABLES, readOwnSearchPath } from "./own-settings.ts";
import { requireSessions } from "./pooler.ts";
import { SessionWatch } from "./session-waits.ts";

declare module "pg" {
  interface Client {
    /** The server process of this connection; null before it is connected. In `pg`, but not in its types. */
    processID: number | null;
  }
}

/** How to reach one PostgreSQL database. `await using` closes it. */
export interface Database extends AsyncDisposable {
  /** For short statements outside of dumps and loads: catalog, operations, checks. */
  readonly pool: pg.Pool;
  /** `host:port`, without credentials, for a person to read. */
  readonly server: string;
  /**
   * A connection of its own for a dump, a load or a lock. The caller owns it and must end it.
   *
   * @throws BackupError DATABASE_UNREACHABLE, CONFIG_INVALID for a transaction pooler
   */
  connect(purpose: string): Promise<pg.Client>;
  close(): Promise<void>;
}

/**
 * Settings under which values are read and written as text, and statements run, whatever the defaults of
 * server, database and role are. What a server's version does not know is left out.
 */
const SESSION_SETTINGS = {
  DateStyle: "ISO",
  IntervalStyle: "postgres",
  TimeZone: "UTC",
  extra_float_digits: "3",
  bytea_output: "hex",
  // The currency of `money`.
  lc_monetary: "C",
  // Or NULL in an array's text would be read as the word.
  array_nulls: "on",
  standard_conforming_strings: "on",
  xmloption: "content",
  // Types' and constraints' definitions are compared as text.
  quote_all_identifiers: "off",
  // Names and types come out schema-qualified. A load takes the role's own (own-settings.ts).
  search_path: "",
  [ONLY_TABLES.name]: ONLY_TABLES.value,
  statement_timeout: "0",
  idle_in_transaction_session_timeout: "0",
  transaction_timeout: "0",
  idle_session_timeout: "0",
  // Reading the catalog or counting rows must not wait for ever. Dumps and loads set their own.
  lock_timeout: "5s",
  default_transaction_read_only: "off",
  default_transaction_isolation: "read committed",
  default_transaction_deferrable: "off",
  // Or rows would not be checked against tables that a restore does not load. Left to roles that may set it.
  session_replication_role: "origin",
};

/** What is recorded of operations must be there while a restore waits for a standby that does not answer. */
const POOL_SETTINGS = { synchronous_commit: "local" };

/**
 * Does nothing where `$2` is not this session's process: then a pooler made that number up, and it may be another
 * session that gets the settings; nor where all connections are one session. SQL_ASCII has no encoding to convert from: its bytes pass as they are.
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

/** @returns the session's process, or null where it is not the one that was named */
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
 * Opens no connection yet.
 *
 * @param config as `pg` takes it: a `connectionString`, or host, port, user, password, database, ssl; and a schema.
 * @throws BackupError CONFIG_INVALID for a connection string that cannot be read
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
  const prepare: Prepare = async (client, settings = {}) => {
    if ((await applySettings(client, client.processID, settings)) !== null) return;
    await requireSessionsOfOnesOwn(client);
    sessions ??= requireSessions(connectionConfig).catch((error: unknown) => {
      sessions = undefined;
      throw error;
    });
    await sessions;
    // To be cancelled by its real number.
    client.processID = await applySettings(client, null, settings);
  };
  const pool = new pg.Pool({
    ...connectionConfig,
    // Longer than a connection's own, which says what is wrong.
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
  // A pooled connection that the server ends while idle must not end the process.
  pool.on("error", () => {});
  const close = () => pool.end();
  const watch = new SessionWatch(pool);
  pool.on("connect", (client) => watch.add(client as pg.Client));
  return {
    pool,
    // A function leads wherever it does, whatever host is said.
    server: config.stream ? "the app's own connector" : addressOf(probe),
    async connect(purpose) {
      const client = await connect(connectionConfig, purpose, prepare);
      watch.add(client);
      return client;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

const addressOf = ({ host, port }: pg.Client): string =>
  `${isIPv6(host) ? `[${host}]` : host}:${port}`;

function parseConfig(config: pg.ClientConfig): pg.Client {
  const { connectionString = "" } = config;
  if (/^prisma(?:\+postgres)?:/.test(connectionString)) throw prismasOwnUrl();
  // A socket's path is one as well.
  if (!/^(?:$|\/|socket:|postgres(?:ql)?:)/i.test(connectionString)) throw noUrl();
  try {
    return new pg.Client(config);
  } catch (error) {
    // Without it as a cause, which holds the password.
    throw describeUnreadable(error);
  }
}

const APPLICATION_NAME = "prisma-backup-admin";

/** Makes a new connection ready: settings, and the number of its process. */
type Prepare = (client: OwnClient, settings?: Record<string, string>) => Promise<void>;

async function connect(
  config: ConnectionConfig,
  purpose: string,
  prepare: Prepare,
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

/** The last error of PostgreSQL after which a connection took no statement: the next one does not know why. */
const endedBy = new WeakMap<pg.Client, Error>();

/** Why PostgreSQL has ended the connection, if it said so; else the error itself. */
export function explainEnd(client: pg.Client, error: unknown): unknown {
  const end = endedBy.get(client);
  const said = error instanceof BackupError ? error.cause : error;
  return end instanceof pg.DatabaseError && !(said instanceof pg.DatabaseError) ? end : error;
}

const CANCEL_AGAIN_MS = 250;

/** A cancelled statement ends within moments; a connection that does not is taken for dead. */
const CANCEL_ATTEMPTS = 40;

/**
 * Has the server cancel what `client` runs when `signal` aborts: the statement fails, and the caller rolls back.
 *
 * @returns a function that stops listening
 */
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
    // Between two statements there is nothing to cancel, and the next may wait for a lock.
    timer = setInterval(cancel, CANCEL_AGAIN_MS);
  };
  signal?.addEventListener("abort", start, { once: true });
  return () => {
    signal?.removeEventListener("abort", start);
    clearInterval(timer);
  };
}

/**
 * Ends the waiting of `client`'s commit for a synchronous standby when `signal` aborts, or has. The commit itself stands.
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
      // Then nobody can say what became of it until the server has noticed.
      .catch(() => abandon(client));
  };
  const timer = setInterval(cancel, CANCEL_AGAIN_MS);
  return () => clearInterval(timer);
}

/** Ends a connection at once, whatever it is doing; the server rolls its transaction back. */
export function abandon(client: pg.Client): void {
  // `end()` would wait for the statement that runs, perhaps a COPY that nobody reads any more.
  client.connection.stream.destroy();
}
