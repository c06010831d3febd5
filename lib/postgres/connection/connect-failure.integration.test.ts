/** Any connection failure gives one of our codes, the message of the server or of Node, and a hint. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { type AddressInfo, createServer, type LookupFunction, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from "vitest";
import { type PostgresServer, startPostgres } from "../../../scripts/postgres.ts";
import { errorOf, openTestDatabase, testDatabase } from "../../testing/backups.ts";
import { requireTool, serverUrlOf } from "../../testing/database.ts";
import { startPgBouncer } from "../../testing/pgbouncer.ts";
import { openDatabase } from "./connection.ts";

const run = promisify(execFile);

/** Connects both ways: like the command, with a single connection, and like the page, through the pool. */
async function failureOf(connectionString: string, settings: pg.ClientConfig = {}) {
  const database = openDatabase({ connectionString, ...settings });
  try {
    const own = await errorOf(database.connect("test"));
    const { code, message, hint } = await errorOf(database.pool.query("SELECT 1"));
    expect({ code, message, hint }).toEqual({
      code: own.code,
      message: own.message,
      hint: own.hint,
    });
    return own;
  } finally {
    await database.close();
  }
}

test.each([
  ["no way to an IPv6 address", "postgresql://u:p@[2001:db8::1]:5432/db", /E[A-Z]+/, "IPv6"],
  ["a port where nobody listens", "postgresql://u:p@127.0.0.1:1/db", /ECONNREFUSED/, "port"],
  ["a folder without a socket", "postgresql:///db?host=/var/run/nowhere", /ENOENT/, ""],
  [
    "a name that nobody has",
    "postgresql://u:p@does.not.exist.invalid/db",
    /ENOTFOUND|EAI_AGAIN/,
    "host",
  ],
])("%s", async (_, url, words, hint) => {
  expect(await failureOf(url)).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringMatching(words),
    hint: expect.stringContaining(hint),
  });
});

/** Also tries both ways. */
async function connects(connectionString: string) {
  const database = openTestDatabase(connectionString);
  await (await database.connect("test")).end();
  await database.pool.query("SELECT 1");
}

test.each(["sslmode=prefer", "sslmode=allow", "uselibpqcompat=true&sslmode=prefer"])(
  "a server without TLS, by %s",
  async (query) => {
    await connects(`${serverUrlOf(15)}?${query}`);
  },
);

test("a server without TLS, by PGSSLMODE=prefer", async () => {
  vi.stubEnv("PGSSLMODE", "prefer");
  onTestFinished(() => void vi.unstubAllEnvs());
  await connects(serverUrlOf(15));
  expect(await failureOf(`${serverUrlOf(15)}?ssl=true`)).toMatchObject({
    message: expect.stringContaining("does not support SSL"),
  });
});

/** A server that is not PostgreSQL. It sends `answer` after the first data it receives, or nothing if null. */
async function answering(answer: Buffer | string | null): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.once("data", () => (answer === null ? undefined : socket.end(answer)));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `postgresql://u:p@127.0.0.1:${(server.address() as AddressInfo).port}/db`;
}

/** An error message in PostgreSQL's protocol, as a pooler sends it. */
const errorMessage = (code: string, message: string): Buffer => {
  const fields = Buffer.from(`SFATAL\0VFATAL\0C${code}\0M${message}\0\0`);
  const head = Buffer.alloc(5);
  head.write("E");
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
};
/** The server asks for Kerberos. */
const AUTHENTICATION_GSS = Buffer.from([82, 0, 0, 0, 8, 0, 0, 0, 7]);

test.each([
  ["nobody", null, /has not answered within 0\.3 s/, /firewall/],
  ["a web server", "HTTP/1.1 400 Bad Request\r\n\r\n", /terminated/, /no PostgreSQL server/],
  ["who closes the connection", "", /terminated/, /no PostgreSQL server/],
  ["who asks for Kerberos", AUTHENTICATION_GSS, /authentication/, /scram-sha-256/],
  [
    "Supabase's pooler",
    errorMessage("XX000", "Tenant or user not found"),
    /Tenant or user not found \(XX000\)/,
    /postgres\.PROJECT/,
  ],
  [
    "a pooler that is full",
    errorMessage("XX000", "MaxClientsInSessionMode: max clients reached"),
    /max clients reached/,
    /Wait/,
  ],
  [
    "Neon's proxy",
    errorMessage("XX000", "Control plane request failed"),
    /Control plane request failed/,
    /pooler or proxy/,
  ],
  [
    "a server that starts, in German",
    errorMessage("57P03", "das Datenbanksystem startet"),
    /startet/,
    /starting/,
  ],
] as const)("%s answers", async (_, answer, words, hint) => {
  const url = await answering(answer);
  const expected = {
    code: "DATABASE_UNREACHABLE",
    message: expect.stringMatching(words),
    hint: expect.stringMatching(hint),
  };
  expect(await failureOf(url, { connectionTimeoutMillis: 300 })).toMatchObject(expected);
  const own = await errorOf(
    failureOf(`${url}?sslmode=prefer`, { connectionTimeoutMillis: 300 }).then((error) => {
      throw error;
    }),
  );
  expect(own.code).toBe("DATABASE_UNREACHABLE");
});

test("a host with several addresses, none of which answers: each is named", async () => {
  const lookup: LookupFunction = (_host, _options, found) =>
    found(null, [
      { address: "127.0.0.1", family: 4 },
      { address: "127.0.0.2", family: 4 },
    ]);
  const stream = () => {
    const socket = new Socket();
    const { connect } = socket;
    // With the arguments that `pg` passes.
    socket.connect = ((port: number, host: string) =>
      Reflect.apply(connect, socket, [
        { port, host, lookup, autoSelectFamily: true },
      ])) as typeof connect;
    return socket;
  };
  expect(await failureOf("postgresql://u:p@two.example:1/db", { stream })).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringMatching(/127\.0\.0\.1:1; connect ECONNREFUSED 127\.0\.0\.2:1\.$/),
  });
});

test("a server without TLS, where it is required", async () => {
  expect(await failureOf(`${serverUrlOf(15)}?sslmode=require`)).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringContaining("does not support SSL"),
    hint: expect.stringContaining("sslmode=disable"),
  });
});

test.each([
  "?sslmode=require&sslrootcert=/missing",
  "?sslmode=require&sslrootcert=/tmp",
  "?uselibpqcompat=true&sslmode=verify-ca",
])("a connection string with %s names sslrootcert", (query) => {
  expect(() => openDatabase({ connectionString: `postgresql://u:p@localhost/db${query}` })).toThrow(
    expect.objectContaining({
      code: "CONFIG_INVALID",
      hint: expect.stringContaining("sslrootcert"),
    }),
  );
});

test.each(["cli1", "mysql://a:b@h/x", "localhost:5432/shop"])(
  "%s is no URL",
  (connectionString) => {
    expect(() => openDatabase({ connectionString })).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        hint: expect.stringContaining("postgresql://"),
      }),
    );
  },
);

test("a database that takes no more connections", async () => {
  const { db } = await testDatabase();
  const role = `limited_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p' CONNECTION LIMIT 0`);
  onTestFinished(async () => void (await db.query(`DROP ROLE ${role}`)));
  const url = new URL(db.url);
  expect(await failureOf(`postgresql://${role}:p@${url.host}/${db.name}`)).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringMatching(/too many connections for role .*\(53300\)/),
    hint: expect.stringContaining("Wait"),
  });
});

test("a pool whose settings are no connection string keeps its password", async () => {
  const { db } = await testDatabase();
  const role = `parts_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'p'`);
  onTestFinished(async () => void (await db.query(`DROP ROLE ${role}`)));
  const { hostname: host, port } = new URL(db.url);
  const database = openDatabase({
    ...{ host, port: Number(port), user: role, password: "p", database: db.name },
  });
  onTestFinished(() => database.close());
  await database.pool.query("SELECT 1");
});

describe.skipIf(!requireTool("pgbouncer"))("PgBouncer", () => {
  test.each([
    ["takes no more clients", { max_client_conn: 1 }, /max_client_conn/, /Wait/],
    [
      "has no connection to give",
      { default_pool_size: 1, query_wait_timeout: 1 },
      /query_wait_timeout/,
      /pooler/,
    ],
  ] as const)("%s", async (_, settings, words, hint) => {
    const { db } = await testDatabase();
    await using pooler = await startPgBouncer(db.url, "session", settings);
    const first = new pg.Client(pooler.url);
    await first.connect();
    await first.query("SELECT 1");
    try {
      expect(await failureOf(pooler.url)).toMatchObject({
        code: "DATABASE_UNREACHABLE",
        message: expect.stringMatching(words),
        hint: expect.stringMatching(hint),
      });
    } finally {
      await first.end();
    }
  });
});

describe("roles", () => {
  const role = `guest_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  const secret = "the-right-one";

  test.each([
    ["without a password", "", "CONFIG_INVALID", "asks for a password"],
    ["with a wrong password", ":wrong", "DATABASE_UNREACHABLE", "password authentication failed"],
    [
      "that may not connect",
      `:${secret}`,
      "DATABASE_UNREACHABLE",
      "permission denied for database",
    ],
  ])("%s", async (_, password, code, words) => {
    const { db } = await testDatabase();
    await db.query(
      `REVOKE CONNECT ON DATABASE ${db.name} FROM PUBLIC; DROP ROLE IF EXISTS ${role}; CREATE ROLE ${role} LOGIN PASSWORD '${secret}'`,
    );
    const url = new URL(db.url);
    const error = await failureOf(`postgresql://${role}${password}@${url.host}/${db.name}`);
    expect(error).toMatchObject({ code, message: expect.stringContaining(words) });
    expect(`${error.message} ${error.hint}`).not.toMatch(/wrong|the-right-one/);
    await db.query(`DROP ROLE ${role}`);
  });
});

describe("a certificate", () => {
  let server: PostgresServer;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "certificate-test-"));
    await chmod(folder, 0o755);
    const [key, certificate] = [join(folder, "key"), join(folder, "certificate")];
    await run("openssl", [
      ...["req", "-new", "-x509", "-nodes", "-days", "3", "-subj", "/CN=db.internal"],
      ...["-addext", "subjectAltName=DNS:db.internal", "-keyout", key, "-out", certificate],
    ]);
    // PostgreSQL refuses a key that others may read. If the tests run as root, PostgreSQL runs as nobody.
    await chmod(key, 0o600);
    if (process.getuid?.() === 0) await chown(key, 65534, 65534);
    server = await startPostgres({
      major: 15,
      trustsSuperuser: true,
      inMemory: true,
      serverOptions: [
        "-c",
        "ssl=on",
        "-c",
        `ssl_key_file=${key}`,
        "-c",
        `ssl_cert_file=${certificate}`,
      ],
    });
  });
  afterAll(async () => {
    await server?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test.each(["sslmode=require", "sslmode=prefer", "sslmode=verify-ca", "ssl=true"])(
    "that Node does not trust, by %s",
    async (query) => {
      expect(await failureOf(`${server.url()}?${query}`)).toMatchObject({
        code: "DATABASE_UNREACHABLE",
        message: expect.stringMatching(/self-signed certificate/),
        hint: expect.stringMatching(/sslrootcert=FILE.*ssl: \{ ca \}.*uselibpqcompat/s),
      });
    },
  );

  test.each(["localhost", "127.0.0.1"])("of another host than %s", async (host) => {
    const query = `sslmode=verify-full&sslrootcert=${join(folder, "certificate")}`;
    expect(await failureOf(`${server.url().replace("127.0.0.1", host)}?${query}`)).toMatchObject({
      code: "DATABASE_UNREACHABLE",
      message: expect.stringContaining(host),
      hint: "Connect by a name that the server's certificate has: db.internal.",
    });
  });

  test("that is not to be proven connects", async () => {
    await connects(`${server.url()}?uselibpqcompat=true&sslmode=require`);
    await connects(`${server.url()}?uselibpqcompat=true&sslmode=prefer`);
  });
});
