/** Whatever connecting fails with: a code of ours, the server's or Node's own words, and what to do. */
import { execFile } from "node:child_process";
import { chmod, chown, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { serverUrlOf } from "../../scripts/testing/database.ts";
import { errorOf, testDatabase } from "../restore/testing.ts";
import { openDatabase } from "./connection.ts";

const run = promisify(execFile);

/** As the command and the page connect: a connection of its own, and one of the pool. */
async function failureOf(connectionString: string) {
  const database = openDatabase({ connectionString });
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

test("a server without TLS", async () => {
  expect(await failureOf(`${serverUrlOf(15)}?sslmode=require`)).toMatchObject({
    code: "DATABASE_UNREACHABLE",
    message: expect.stringContaining("does not support SSL"),
    hint: expect.stringContaining("sslmode=disable"),
  });
});

test.each(["?sslmode=require&sslrootcert=/missing", "?uselibpqcompat=true&sslmode=verify-ca"])(
  "a connection string with %s names sslrootcert",
  (query) => {
    expect(() =>
      openDatabase({ connectionString: `postgresql://u:p@localhost/db${query}` }),
    ).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        hint: expect.stringContaining("sslrootcert"),
      }),
    );
  },
);

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
    // PostgreSQL takes no key that others may read; where we are root, it runs as nobody.
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

  test.each(["sslmode=require", "sslmode=verify-ca", "ssl=true"])(
    "that Node does not trust, by %s",
    async (query) => {
      expect(await failureOf(`${server.url()}?${query}`)).toMatchObject({
        code: "DATABASE_UNREACHABLE",
        message: expect.stringMatching(/self-signed certificate/),
        hint: expect.stringMatching(/sslrootcert=FILE.*ssl: \{ ca \}.*uselibpqcompat/s),
      });
    },
  );

  test("of another host", async () => {
    const query = `sslmode=verify-full&sslrootcert=${join(folder, "certificate")}`;
    expect(
      await failureOf(`${server.url().replace("127.0.0.1", "localhost")}?${query}`),
    ).toMatchObject({
      code: "DATABASE_UNREACHABLE",
      message: expect.stringMatching(/localhost.*db\.internal/),
    });
  });

  test("that is not to be proven connects", async () => {
    const database = openDatabase({
      connectionString: `${server.url()}?uselibpqcompat=true&sslmode=require`,
    });
    await (await database.connect("test")).end();
    await database.close();
  });
});
