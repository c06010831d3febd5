/** PGlite behind a socket has one session for all connections. It must be recognised and left unchanged. */
import { PGlite } from "@electric-sql/pglite";
import { PGLiteSocketServer } from "@electric-sql/pglite-socket";
import { expect, onTestFinished, test } from "vitest";
import { findFreePort } from "../../../scripts/postgres.ts";
import { checkConnection } from "../../cli/doctor/connection.ts";
import { beginRestore } from "../../restore/run-restore.ts";
import { backUp, errorOf, openTestDatabase } from "../../testing/backups.ts";
import { openDatabase } from "./connection.ts";

test("is named before anything is sent to it that would stay", async () => {
  const db = await PGlite.create();
  const port = await findFreePort();
  const server = new PGLiteSocketServer({ db, port, host: "127.0.0.1", maxConnections: 10 });
  await server.start();
  onTestFinished(async () => {
    await server.stop();
    await db.close();
  });
  await db.exec("CREATE TABLE t (id integer PRIMARY KEY); INSERT INTO t VALUES (1)");
  const settings = async () =>
    (await db.query("SELECT name, setting FROM pg_settings ORDER BY 1")).rows;
  const before = await settings();

  const database = openTestDatabase(`postgresql://postgres:postgres@127.0.0.1:${port}/postgres`);
  for (const run of [
    () => backUp(database),
    () => beginRestore(database),
    () => database.connect("order"),
    () => database.pool.query("SELECT 1"),
  ])
    expect(await errorOf(run())).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("PGlite"),
    });
  const { findings, isUsable } = await checkConnection(database, "the test");
  expect(isUsable).toBe(false);
  expect(findings).toContainEqual(
    expect.objectContaining({ level: "problem", code: "ONE_SESSION" }),
  );

  expect(await settings()).toEqual(before);
  expect((await db.query("SELECT count(*)::int AS rows FROM t")).rows).toEqual([{ rows: 1 }]);
});

test.each([
  "prisma+postgres://localhost:51213/?api_key=x",
  "prisma://accelerate.example/?api_key=x",
])("%s is Prisma's own", (connectionString) => {
  expect(() => openDatabase({ connectionString })).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", hint: expect.stringContaining("TCP URL") }),
  );
});
