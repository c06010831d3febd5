import pg from "pg";
import { expect, onTestFinished, test } from "vitest";
import { checkDatabase } from "../lib/cli/doctor/doctor.ts";
import { serverUrlOf } from "../lib/testing/database.ts";
import { migrate } from "./migrate.ts";
import { createOwnedDatabase } from "./owned-database.ts";
import { seed } from "./seed.ts";

test("the demo's role owns its shop, is no superuser, and can back up and restore", async () => {
  const server = serverUrlOf(18);
  const name = `shop_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  onTestFinished(async () => {
    const client = new pg.Client(server);
    await client.connect();
    await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    await client.query(`DROP ROLE IF EXISTS ${name}`);
    await client.end();
  });
  const url = await createOwnedDatabase(server, name);
  expect(await createOwnedDatabase(server, name)).toBe(url);
  await migrate(url);
  await seed(url, { scale: 0.01 });
  const { findings } = await checkDatabase({ text: url, from: "--url" }, null);
  expect(findings.filter(({ level }) => level === "problem" || level === "warning")).toEqual([]);
  expect(findings.map(({ code }) => code)).toEqual(
    expect.arrayContaining(["BACKUP_RIGHTS", "RESTORE_RIGHTS", "OPERATIONS"]),
  );
});
