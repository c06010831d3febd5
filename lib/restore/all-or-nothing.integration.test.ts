import { execFileSync } from "node:child_process";
import { openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import type { Archive } from "../archive/archive.ts";
import { openArchive } from "../archive/archive-reader.ts";
import type { Database } from "../postgres/connection/connection.ts";
import type { Phase } from "../shared/progress.ts";
import {
  backUp,
  errorOf,
  leftSessions,
  models,
  openTestDatabase,
  restore,
  temporaryPath,
  testDatabase,
} from "../testing/backups.ts";
import { pgDumpText, type TestDatabase } from "../testing/database.ts";
import { pack, unpack } from "../testing/forge-zip.ts";
import { until } from "../testing/patience.ts";
import { beginRestore, type RestoreSession, runRestore } from "./run-restore.ts";

/** A cycle of foreign keys, a trigger, a sequence, and enough rows for several batches. */
const SQL = `
  CREATE TABLE team (id serial PRIMARY KEY, lead int);
  CREATE TABLE member (id int PRIMARY KEY, team_id int REFERENCES team, note text);
  ALTER TABLE team ADD FOREIGN KEY (lead) REFERENCES member;
  CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
  CREATE TRIGGER refuse AFTER INSERT ON member FOR EACH ROW EXECUTE FUNCTION refuse();
  ALTER TABLE member DISABLE TRIGGER USER;
  INSERT INTO team (lead) SELECT NULL FROM generate_series(1, 10);
  INSERT INTO member SELECT i, 1 + i % 10, (SELECT string_agg(md5((i * 40 + j)::text), '') FROM generate_series(1, 40) j) FROM generate_series(1, 3000) i;
  UPDATE team SET lead = id;
  ALTER TABLE member ENABLE TRIGGER USER;`;
const MESS =
  "UPDATE team SET lead = NULL; DELETE FROM member WHERE id % 3 = 0; SELECT nextval('team_id_seq')";

/** A database, and an archive of an earlier state. */
async function scene() {
  const { db, database } = await testDatabase({ sql: SQL });
  const archived = await pgDumpText(db.url);
  const { path } = await backUp(database);
  await db.query(MESS);
  return { db, database, path, archived, before: await pgDumpText(db.url) };
}

interface Victim {
  db: TestDatabase;
  session: RestoreSession;
  archive: Archive;
  /** A copy for this test. */
  path: string;
  stop: AbortController;
}

/** Starts a restore and strikes as soon as the phase has begun. */
async function restoreAndStrike(
  { db, database, path }: { db: TestDatabase; database: Database; path: string },
  phase: Phase,
  strike: (victim: Victim) => void,
) {
  const copy = await temporaryPath();
  // Not deflated, so that each byte of a note is one byte of the file.
  writeFileSync(copy, pack(await unpack(path)));
  await using archive = await openArchive(copy);
  await archive.unlock({});
  await using session = await beginRestore(database);
  const stop = new AbortController();
  const victim = { db, session, archive, path: copy, stop };
  return await runRestore(session, {
    archive,
    models,
    signal: stop.signal,
    onProgress: (event) => event.type === "phase" && event.phase === phase && strike(victim),
  });
}

const heldLocks = (db: TestDatabase) =>
  db.query(
    "SELECT mode, pid FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
  );

const PHASES: Phase[] = ["emptying", "loading", "constraints", "sequences", "committing"];

/** Ends the session on the server before this process does anything else. */
const terminate = ({ db, session }: Victim) =>
  execFileSync(process.execPath, [
    "--input-type=module",
    "--eval",
    "import pg from 'pg'; const client = new pg.Client(process.argv[1]); await client.connect(); await client.query(process.argv[2]); await client.end()",
    db.url,
    `SELECT pg_terminate_backend(${session.client.processID}, 5000)`,
  ]);

describe("a restore that is struck in any phase has changed nothing, and the next one succeeds", () => {
  const strikes: Array<{
    by: string;
    phases: Phase[];
    codes: string[];
    strike(victim: Victim): void;
  }> = [
    {
      by: "cancelling",
      // During the commit it is too late to cancel.
      phases: PHASES.slice(0, -1),
      codes: ["ABORTED"],
      strike: ({ stop }) => stop.abort(),
    },
    {
      by: "ending its session on the server",
      phases: PHASES,
      codes: ["LOAD_FAILED"],
      strike: terminate,
    },
    {
      by: "breaking its connection",
      phases: PHASES,
      codes: ["LOAD_FAILED"],
      strike: ({ session }) => session.client.connection.stream.destroy(),
    },
    {
      by: "cutting the archive's file off",
      phases: ["emptying", "loading"],
      codes: ["ARCHIVE_TRUNCATED"],
      strike: ({ path }) => truncateSync(path, Math.floor(statSync(path).size / 2)),
    },
    {
      by: "changing a byte of the archive's file",
      phases: ["emptying", "loading"],
      codes: ["DIGEST_MISMATCH", "ARCHIVE_INVALID"],
      strike: ({ path }) => {
        const bytes = readFileSync(path);
        const middle = Math.floor(bytes.length / 2);
        // Flip a byte within a note. Elsewhere it might make a row that PostgreSQL rejects before the digest is
        // checked.
        const at = middle + bytes.toString("latin1", middle).search(/[0-9a-f]{32}/);
        writeSync(openSync(path, "r+"), Buffer.from([(bytes[at] ?? 0) ^ 1]), 0, 1, at);
      },
    },
  ];
  test.for(strikes)("by $by", async ({ phases, codes, strike }) => {
    const it = await scene();
    for (const phase of phases) {
      const error = await errorOf(restoreAndStrike(it, phase, strike));
      expect(codes, phase).toContain(error.code);
      expect(error.message, phase).toMatch(/Nothing was changed/);
      await until("the session is gone", async () => (await leftSessions(it.db)).length === 0);
      expect(await heldLocks(it.db), phase).toEqual([]);
      expect(await pgDumpText(it.db.url), phase).toBe(it.before);
    }
    await restore(it.database, it.path);
    expect(await pgDumpText(it.db.url)).toBe(it.archived);
  });

  test("cancelling at the commit is too late: everything is restored, and says so", async () => {
    const it = await scene();
    const result = await restoreAndStrike(it, "committing", ({ stop }) => stop.abort());
    expect(result.rows).toBe(3010);
    expect(await pgDumpText(it.db.url)).toBe(it.archived);
  });
});

/**
 * A proxy that forwards everything until `swallow` returns a value: then the answer to the client's chunk, or the chunk
 * itself, is lost.
 */
async function losingProxy(url: string, swallow: (chunk: Buffer) => "answer" | "request" | null) {
  const { hostname, port } = new URL(url);
  const sockets = new Set<Socket>();
  const server: Server = createServer((client) => {
    const upstream = connect(Number(port), hostname);
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    client.on("data", (chunk) => {
      const lost = swallow(chunk);
      if (lost !== "request") upstream.write(chunk);
      if (lost === null) return;
      upstream.removeAllListeners("data");
      // Wait for the answer, then drop it with the connection.
      if (lost === "answer") upstream.once("data", () => client.destroy());
      else client.destroy();
    });
    upstream.on("data", (chunk) => client.write(chunk));
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const proxied = new URL(url);
  proxied.port = String(address.port);
  return proxied.href;
}

describe("a commit whose answer is lost", () => {
  const isCommit = (chunk: Buffer) => chunk.includes("COMMIT\0");

  test("was carried out: the restore succeeds, by the server's own word", async () => {
    const { db, path, archived } = await scene();
    const url = await losingProxy(db.url, (chunk) => (isCommit(chunk) ? "answer" : null));
    expect((await restore(openTestDatabase(url), path)).rows).toBe(3010);
    expect(await pgDumpText(db.url)).toBe(archived);
  });

  test("never arrived: the restore fails, and nothing has changed", async () => {
    const { db, path, before } = await scene();
    const url = await losingProxy(db.url, (chunk) => (isCommit(chunk) ? "request" : null));
    const error = await errorOf(restore(openTestDatabase(url), path));
    expect(error.code).toBe("LOAD_FAILED");
    expect(error.message).toContain("Nothing was changed.");
    expect(await pgDumpText(db.url)).toBe(before);
  });
});
