import { once } from "node:events";
import { createConnection } from "node:net";
import type { Duplex } from "node:stream";
import pg from "pg";
import type { BackupError } from "../../errors.ts";
import { describeConnectFailure } from "./connect-failure.ts";
import { decodePercent } from "./own-settings.ts";

/** Members of `pg` that its types lack. */
interface Internals {
  binary: boolean;
  database: string;
  connectionParameters: { query_timeout: number; database: string };
  connection: { ssl: unknown; attachListeners(stream: Duplex): void };
}

/**
 * The database name in a URL, fully percent-decoded as libpq does. `pg` leaves characters encoded that have a meaning
 * in URLs, such as %2F, and connects to another database for `..`.
 */
function databaseIn(connectionString = ""): string | undefined {
  // Remove the characters that URL parsers ignore.
  const url = connectionString.replaceAll(/^[\0-\x20]+|[\0-\x20]+$|[\t\n\r]/g, "");
  const [, name = ""] = /^postgres(?:ql)?:\/\/[^/?#]*\/([^?#]*)/i.exec(url) ?? [];
  // If the encoding is invalid, the name is left to `pg`.
  return decodePercent(name);
}

interface ArrayParser {
  create(text: string, transform: (item: string) => unknown): { parse(): unknown[] };
}

const { arrayParser } = pg.types as unknown as { arrayParser: ArrayParser };
const arrayOf = (parse: (item: string) => unknown) => (text: string) =>
  arrayParser.create(text, (item) => (item === null ? null : parse(item))).parse();

type Parse = (text: string) => unknown;
const parseBoolean: Parse = (text) => text === "t";
const parseText: Parse = (text) => text;

/** Parsers by type OID. All else stays text, also what a JavaScript number cannot hold: int8, numeric. */
const PARSERS = new Map<number, Parse>([
  [16, parseBoolean],
  [1000, arrayOf(parseBoolean)],
  // int2, int4, oid, float4, float8
  ...[21, 23, 26, 700, 701].map((oid): [number, Parse] => [oid, Number]),
  // Arrays of these
  ...[1005, 1007, 1028, 1021, 1022].map((oid): [number, Parse] => [oid, arrayOf(Number)]),
  // json, jsonb
  [114, JSON.parse],
  [3802, JSON.parse],
  [1009, arrayOf(parseText)],
  // timestamptz: `2026-11-30 06:24:00.123456+00`
  [1184, (text) => new Date(text.replace(" ", "T").replace(/[+-]\d\d$/, "$&:00"))],
]);

/**
 * A connection that parses values in its own way, independently of what the app sets for its whole process: `pg.types`,
 * `pg.defaults.binary`, and `pg.defaults.query_timeout`, which would cut off a COPY.
 */
export class OwnClient extends pg.Client {
  readonly #isTlsOptional: boolean;
  readonly #connectTimeoutMs: number;

  constructor(config: pg.ClientConfig = {}, { queryTimeoutMs = 0 } = {}) {
    super({
      ...config,
      // A pool hides the password from the spread.
      password: config.password,
      types: { getTypeParser: (oid: number) => PARSERS.get(oid) ?? parseText },
    });
    // Without a listener, a connection that breaks between two statements would end the process. The next statement on
    // the connection fails and reports the problem.
    this.on("error", () => {});
    const internals = this as unknown as Internals;
    internals.binary = false;
    const database = databaseIn(config?.connectionString);
    if (database !== undefined) {
      internals.database = database;
      internals.connectionParameters.database = database;
    }
    internals.connectionParameters.query_timeout = queryTimeoutMs;
    const { connection } = internals;
    const attach = connection.attachListeners.bind(connection);
    connection.attachListeners = (stream) => {
      attach(stream);
      failOnUnknownMessages(stream);
    };
    this.#isTlsOptional = isTlsOptional(config);
    this.#connectTimeoutMs = config.connectionTimeoutMillis ?? 0;
  }

  /** @throws BackupError DATABASE_UNREACHABLE, CONFIG_INVALID */
  override connect(): Promise<this>;
  override connect(callback: (error: Error) => void): void;
  override connect(callback?: (error: Error) => void): Promise<this> | undefined {
    const connected = this.#connect();
    if (!callback) return connected;
    // A pool passes a callback.
    connected.then(() => callback(null as unknown as Error), callback);
    return undefined;
  }

  async #connect(): Promise<this> {
    try {
      if (this.ssl && this.#isTlsOptional && (await hasNoTls(this, this.#connectTimeoutMs))) {
        this.ssl = false;
        (this as unknown as Internals).connection.ssl = false;
      }
      await super.connect();
      return this;
    } catch (error) {
      // A server that waits for a password would wait for a minute, and `end()` with it.
      this.connection.stream.destroy();
      throw this.describeFailure(error);
    }
  }

  /** Describes a failure to connect, or of a step that belongs to connecting. */
  describeFailure(error: unknown): BackupError {
    // `pg` says nothing else about a timeout.
    const isTimeout = error instanceof Error && error.message === "timeout expired";
    return describeConnectFailure(
      isTimeout ? noAnswer(this.host, this.port, this.#connectTimeoutMs) : error,
      { host: this.host, hasPassword: Boolean(this.password) },
    );
  }
}

/** If `pg` throws while it reads a message, for example about an unknown authentication, the process would end. */
function failOnUnknownMessages(stream: Duplex): void {
  const read = stream.listeners("data").at(-1) as (chunk: Buffer) => void;
  stream.removeListener("data", read);
  stream.on("data", (chunk: Buffer) => {
    try {
      read(chunk);
    } catch (error) {
      stream.destroy(error as Error);
    }
  });
}

/** Whether to go on without TLS if the server has none, as by `sslmode=prefer`, which `pg` treats as `require`. */
function isTlsOptional({ connectionString, ssl, stream }: pg.ClientConfig): boolean {
  if (stream) return false;
  const query = new URLSearchParams(connectionString?.replace(/^[^?]*/, ""));
  const isUnset = ssl === undefined && !query.has("ssl") && !query.has("sslrootcert");
  const mode = query.getAll("sslmode").at(-1) ?? (isUnset ? process.env.PGSSLMODE : undefined);
  return mode === "prefer" || mode === "allow";
}

/** The protocol's SSLRequest: its length, and a version number that no server has. */
const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);

/** Asks the server for TLS as libpq does. A server without TLS answers N. Other problems show when connecting. */
async function hasNoTls(
  { host, port }: { host: string; port: number },
  timeoutMs = 0,
): Promise<boolean> {
  const socket = host.startsWith("/")
    ? createConnection(`${host}/.s.PGSQL.${port}`)
    : createConnection(port, host);
  try {
    socket.setTimeout(timeoutMs, () => socket.destroy(noAnswer(host, port, timeoutMs)));
    socket.write(SSL_REQUEST);
    await once(socket, "readable");
    return String(socket.read(1)) === "N";
  } finally {
    socket.destroy();
  }
}

const noAnswer = (host: string, port: number, timeoutMs: number): Error =>
  Object.assign(new Error(`${host}:${port} has not answered within ${timeoutMs / 1000} s`), {
    code: "ETIMEDOUT",
  });
