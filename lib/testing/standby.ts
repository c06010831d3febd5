import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { type PostgresServer, startPostgres } from "../../scripts/postgres.ts";
import { type Major, NOBODY } from "../../scripts/postgres-package.ts";

export interface Replication extends AsyncDisposable {
  primary: PostgresServer;
  standby: PostgresServer;
  /** Runs a statement on the primary, and returns after the standby shows its effect. */
  onPrimary(sql: string): Promise<void>;
}

/**
 * Starts a primary and a hot standby for it, which replays the primary's changes at once. `max_standby_streaming_delay`
 * is 0 and `hot_standby_feedback` is off, so the standby ends sessions that conflict with the replay.
 *
 * @param sql is run on the primary before the standby is made
 */
export async function startReplication({
  major = 15,
  sql,
}: {
  major?: Major;
  sql: string;
}): Promise<Replication> {
  const primary = await startPostgres({ major, trustsSuperuser: true });
  const folder = await mkdtemp(path.join(tmpdir(), "standby-"));
  const client = new pg.Client(primary.url());
  let standby: PostgresServer | undefined;
  const stop = async () => {
    await client.end();
    await standby?.stop();
    await primary.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await client.connect();
    await client.query(sql);
    await copyCluster(client, path.join(folder, "cluster"), primary.port);
    standby = await startPostgres({
      major,
      dataDir: folder,
      serverOptions: [
        ...["-c", "max_standby_streaming_delay=0", "-c", "hot_standby_feedback=off"],
        ...["-c", "fsync=off"],
      ],
    });
  } catch (error) {
    await stop();
    throw error;
  }
  const replica = new pg.Client(standby.url());
  await replica.connect();
  // A conflict with recovery may end this session, like any other.
  replica.on("error", () => {});
  return {
    primary,
    standby,
    async onPrimary(statement) {
      await client.query(statement);
      // The records of some statements, for example VACUUM, are sent later. A commit sends them now.
      await client.query("SELECT pg_logical_emit_message(true, 'standby', '')");
      const { rows } = await client.query("SELECT pg_current_wal_lsn()::text AS lsn");
      for (;;) {
        const seen = await replica.query(
          "SELECT pg_last_wal_replay_lsn() >= $1::pg_lsn AS is_there",
          [rows[0]?.lsn],
        );
        if (seen.rows[0]?.is_there) return;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
    async [Symbol.asyncDispose]() {
      await replica.end();
      await stop();
    },
  };
}

/** Copies the files of a running server and notes where to begin, as pg_basebackup does. That tool is not installed. */
async function copyCluster(client: pg.Client, to: string, port: number): Promise<void> {
  await client.query("SELECT pg_backup_start('standby', true)");
  const { rows } = await client.query("SHOW data_directory");
  await promisify(execFile)("cp", ["-a", rows[0]?.data_directory, to]);
  const label = (await client.query("SELECT labelfile FROM pg_backup_stop(false)")).rows[0];
  await rm(path.join(to, "postmaster.pid"));
  await rm(path.join(to, "postmaster.opts"), { force: true });
  const files = {
    backup_label: label?.labelfile,
    "standby.signal": "",
    "postgresql.auto.conf": `primary_conninfo = 'host=127.0.0.1 port=${port} user=postgres password=postgres'\n`,
  };
  for (const [name, content] of Object.entries(files)) {
    const file = path.join(to, name);
    await writeFile(file, content, { mode: 0o600 });
    if (process.getuid?.() === 0) await promisify(execFile)("chown", [`${NOBODY}:${NOBODY}`, file]);
  }
}
