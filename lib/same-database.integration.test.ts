/**
 * Uses the server that the app's client is connected to, or none. Never another one that its settings lead to by
 * chance.
 */
import net from "node:net";
import { PrismaPg } from "@prisma/adapter-pg";
import pg from "pg";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { PrismaClient } from "../prisma/generated/client.ts";
import { PrismaBackup, PrismaRestore } from "./public-api.ts";
import { errorOf, temporaryPath } from "./testing/backups.ts";
import { serverUrlOf } from "./testing/database.ts";

let databases = 0;

/** Two servers have databases of the same name, each with its own row. The environment leads to the second. */
async function twoServers() {
  const name = `same_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${databases++}`;
  const [a, b] = await Promise.all(
    ([15, 18] as const).map(async (major) => {
      const server = new pg.Pool({ connectionString: serverUrlOf(major), max: 1 });
      await server.query(`CREATE DATABASE ${name}`);
      const url = new URL(serverUrlOf(major));
      url.pathname = `/${name}`;
      const pool = new pg.Pool({ connectionString: url.href, max: 1 });
      pool.on("error", () => {});
      await pool.query(`CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (${major})`);
      onTestFinished(async () => {
        await pool.end();
        await server.query(`DROP DATABASE ${name} WITH (FORCE)`);
        await server.end();
      });
      const ids = async () => (await pool.query("SELECT id FROM t")).rows.map(({ id }) => id);
      return { url, ids };
    }),
  );
  if (!a || !b) throw new Error("no servers");
  vi.stubEnv("PGHOST", b.url.hostname);
  vi.stubEnv("PGPORT", b.url.port);
  onTestFinished(() => void vi.unstubAllEnvs());
  const stream = () => {
    const socket = net.connect(Number(a.url.port), a.url.hostname);
    // `pg` connects the socket it is given. This one is already connecting.
    socket.connect = () => socket;
    return socket;
  };
  const user = a.url.username;
  const password = a.url.password;
  return { a, b, settings: { stream, user, password, database: name } };
}

function clientOf(adapter: PrismaPg): PrismaClient {
  const prisma = new PrismaClient({ adapter });
  onTestFinished(() => prisma.$disconnect());
  return prisma;
}

async function backUp(prisma: PrismaClient) {
  const folderName = await temporaryPath("backups");
  await new PrismaBackup(prisma, { folderName, database: "postgres", encrypt: false }).run();
  return folderName;
}

test.each([
  ["by its settings", (settings: pg.PoolConfig) => new PrismaPg(settings)],
  [
    "beside a host",
    (settings: pg.PoolConfig) => new PrismaPg({ ...settings, host: "does.not.exist" }),
  ],
  [
    "in a pool of the app's",
    (settings: pg.PoolConfig) => {
      const pool = new pg.Pool(settings);
      // The database may be dropped before the last connection has said goodbye.
      pool.on("error", () => {});
      onTestFinished(() => pool.end());
      return new PrismaPg(pool);
    },
  ],
])("an adapter that connects by a function, %s", async (_, adapterOf) => {
  const { a, b, settings } = await twoServers();
  const prisma = clientOf(adapterOf(settings));
  const folderName = await backUp(prisma);
  await prisma.$executeRawUnsafe("DELETE FROM t");
  await new PrismaRestore(prisma, { folderName, database: "postgres", encrypt: false }).run();
  expect(await a.ids()).toEqual([15]);
  expect(await b.ids()).toEqual([18]);
});

test("settings that lead elsewhere than the client itself", async () => {
  const { a, b } = await twoServers();
  const adapter = new PrismaPg({ connectionString: a.url.href });
  const prisma = clientOf(adapter);
  await prisma.$queryRawUnsafe("SELECT 1");
  // Simulates an adapter that changes its settings before it connects.
  vi.spyOn(adapter as unknown as { connect(): Promise<unknown> }, "connect").mockImplementation(
    () => new PrismaPg({ connectionString: b.url.href }).connect(),
  );
  expect(await errorOf(backUp(prisma))).toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringContaining("Nothing was read or written."),
  });
  expect(await b.ids()).toEqual([18]);
});

describe("another role of the same database", () => {
  async function roles() {
    const { a } = await twoServers();
    const role = `other_${process.pid}_${databases}`;
    const pool = new pg.Pool({ connectionString: a.url.href, max: 1 });
    pool.on("error", () => {});
    const url = new URL(a.url);
    url.username = role;
    url.password = "p";
    await pool.query(
      `CREATE ROLE ${role} LOGIN PASSWORD 'p'; GRANT ALL ON SCHEMA public TO ${role}; GRANT ALL ON t TO ${role}`,
    );
    onTestFinished(async () => {
      await pool.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await pool.end();
    });
    return { a, role, url };
  }

  test("that its own settings lead to", async () => {
    const { a, role, url } = await roles();
    const adapter = new PrismaPg({ connectionString: a.url.href });
    const prisma = clientOf(adapter);
    await prisma.$queryRawUnsafe("SELECT 1");
    vi.spyOn(adapter as unknown as { connect(): Promise<unknown> }, "connect").mockImplementation(
      () => new PrismaPg({ connectionString: url.href }).connect(),
    );
    expect(await errorOf(backUp(prisma))).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringMatching(
        new RegExp(`as postgres, .* as ${role}, .*Nothing was read or written`),
      ),
    });
  });

  test("that DIRECT_URL names is meant", async () => {
    const { a, url } = await roles();
    vi.stubEnv("DIRECT_URL", url.href);
    const client = clientOf(new PrismaPg({ connectionString: a.url.href }));
    const prisma = new Proxy(client, {
      get: (target, name) => (name === "_engineConfig" ? undefined : Reflect.get(target, name)),
    });
    await backUp(prisma);
  });

  test("that the app only acts as, by SET ROLE, is not compared", async () => {
    const { a, role } = await roles();
    const pool = new pg.Pool({ connectionString: a.url.href, max: 1 });
    onTestFinished(() => pool.end());
    pool.on("error", () => {});
    pool.on("connect", (client) => void client.query(`SET ROLE ${role}`));
    await backUp(clientOf(new PrismaPg(pool)));
  });
});

test("the environment's URL leads elsewhere than a client without such an adapter", async () => {
  const { a, b } = await twoServers();
  vi.stubEnv("DATABASE_URL", b.url.href);
  const client = clientOf(new PrismaPg({ connectionString: a.url.href }));
  const prisma = new Proxy(client, {
    get: (target, name) => (name === "_engineConfig" ? undefined : Reflect.get(target, name)),
  });
  expect(await errorOf(backUp(prisma))).toMatchObject({ code: "CONFIG_INVALID" });
});

test("a class of the app's own connects", async () => {
  const { settings } = await twoServers();
  class Elsewhere extends pg.Client {}
  const pool = new pg.Pool({ ...settings, Client: Elsewhere } as pg.PoolConfig);
  pool.on("error", () => {});
  onTestFinished(() => pool.end());
  expect(await errorOf(backUp(clientOf(new PrismaPg(pool))))).toMatchObject({
    code: "CONFIG_INVALID",
    hint: expect.stringContaining("`pool`"),
  });
});
