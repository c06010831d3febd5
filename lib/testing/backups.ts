/** Shared by the integration tests of backup and restore. Real databases, real archives. */
import { createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import pg from "pg";
import { onTestFinished } from "vitest";
import { openArchive } from "../archive/archive-reader.ts";
import { createArchiveWriter } from "../archive/archive-writer.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import type { StoredManifest } from "../archive/manifest.ts";
import { type RunBackupOptions, runBackup } from "../backup/run-backup.ts";
import { BackupError } from "../errors.ts";
import { type Database, openDatabase } from "../postgres/connection/connection.ts";
import { verifyArchive } from "../restore/plan-restore.ts";
import { beginRestore, type RunRestoreOptions, runRestore } from "../restore/run-restore.ts";
import { NO_PRISMA_MODELS } from "../schema/prisma-models.ts";
import type {
  EncryptionChoice,
  OperationResult,
  RestorePlan,
  RestoreScope,
  Unlock,
} from "../shared/api.ts";
import { createTestDatabase, type TestDatabase, type TestDatabaseOptions } from "./database.ts";
import type { ArchivedRows } from "./row-oracle.ts";

export const models = NO_PRISMA_MODELS;

/** Makes a new database and this library's connection to it. Both are removed after the test. */
export async function testDatabase(
  options: TestDatabaseOptions = {},
): Promise<{ db: TestDatabase; database: Database }> {
  const db = await createTestDatabase(options);
  onTestFinished(() => db[Symbol.asyncDispose]());
  return { db, database: openTestDatabase(db.url) };
}

/** Opens this library's connection to a database and closes it after the test. */
export function openTestDatabase(url: string): Database {
  const database = openDatabase({ connectionString: url });
  onTestFinished(() => database.close());
  return database;
}

/** Returns a path for a new file, which is removed after the test. */
export async function temporaryPath(name = "backup.zip"): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "restore-test-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return join(folder, name);
}

export type BackUpOptions = Partial<Omit<RunBackupOptions, "database">> & {
  /** Used if there is no key. */
  encryption?: EncryptionChoice;
};

/** Backs up into a new file, unencrypted by default. */
export async function backUp(
  database: Database,
  { encryption = { mode: "none" }, key: given, ...options }: BackUpOptions = {},
): Promise<{ path: string; result: OperationResult }> {
  const path = await temporaryPath();
  const key = given ?? (await createArchiveKey(encryption));
  const output = createWriteStream(path);
  const result = await runBackup({ database, models, key, output, ...options });
  return { path, result };
}

export type RestoreOptions = Partial<Omit<RunRestoreOptions, "archive">> & { unlock?: Unlock };

/** Restores as the panel and the command line tool do, but without the check before it. */
export async function restore(
  database: Database,
  path: string,
  { unlock = {}, ...options }: RestoreOptions = {},
): Promise<OperationResult> {
  await using archive = await openArchive(path);
  await archive.unlock(unlock);
  await using session = await beginRestore(database);
  return await runRestore(session, { archive, models, ...options });
}

/** Counts the rows of each table in an archive's JSON, whatever its manifest says. */
export async function archivedRows(path: string, unlock: Unlock = {}): Promise<ArchivedRows> {
  await using archive = await openArchive(path);
  await archive.unlock(unlock);
  const counts = new Map<string, number>();
  for (const table of archive.manifest.tables) {
    const rows: unknown[] = JSON.parse(await text(archive.readTable(table)));
    counts.set(JSON.stringify([table.schema, table.name]), rows.length);
  }
  return counts;
}

/** Runs the check before a restore and returns its result. */
export async function check(
  database: Database,
  path: string,
  scope?: RestoreScope,
): Promise<RestorePlan> {
  await using archive = await openArchive(path);
  await archive.unlock({});
  return await verifyArchive({ database, models, archive, scope });
}

/**
 * Rewrites an unencrypted archive with changes, using the library's own writer. Checksums and manifest match, so only
 * the database can find a fault in it.
 *
 * @param editJson changes a table's JSON array, by `schema.name`
 */
export async function editArchive(
  path: string,
  editJson: Record<string, (json: string) => string>,
  editManifest: (manifest: StoredManifest) => void = () => {},
): Promise<string> {
  await using archive = await openArchive(path);
  await archive.unlock({});
  // Our own writer always writes a complete manifest.
  const manifest = structuredClone(archive.manifest) as StoredManifest;
  const edited = await temporaryPath("edited.zip");
  const writer = createArchiveWriter({
    key: await createArchiveKey({ mode: "none" }),
    createdAt: new Date(manifest.createdAt),
    output: createWriteStream(edited),
  });
  for (const table of manifest.tables) {
    const json = await text(archive.readTable(table));
    const edit = editJson[`${table.schema}.${table.name}`] ?? ((it: string) => it);
    const newJson = edit(json);
    Object.assign(table, await writer.writeTable(table, Readable.from([Buffer.from(newJson)])));
    table.rows = newJson.split("\n").length - 2 - (newJson === "[\n]\n" ? 1 : 0);
  }
  editManifest(manifest);
  await writer.finish(manifest);
  return edited;
}

/** Returns the BackupError that a promise rejects with. Any other error fails the test. */
export async function errorOf(promise: Promise<unknown>): Promise<BackupError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof BackupError) return error;
    throw error;
  }
  throw new Error("there was no error");
}

/** Returns everything that an error tells a person or a log of operations. */
export const toldOf = ({ message, hint, details }: BackupError): string =>
  JSON.stringify({ message, hint, details });

/** Returns this library's sessions that still work, hold a lock or wait. Empty if nothing has leaked. */
export async function leftSessions(db: TestDatabase): Promise<unknown[]> {
  return db.query(
    `SELECT application_name, state, query FROM pg_stat_activity
     WHERE datname = current_database() AND application_name LIKE 'prisma-backup-admin %' AND pid <> pg_backend_pid()`,
  );
}

/**
 * Makes a new database that an ordinary role owns, with everything that `sql` makes in it, and connects as that role.
 * All databases of a version have the same owner, so that they can be compared. The role exists as long as the server.
 */
export async function plainOwnersDatabase({
  major,
  sql,
}: Required<Pick<TestDatabaseOptions, "major" | "sql">>): Promise<{
  db: TestDatabase;
  database: Database;
}> {
  const { db } = await testDatabase({ major });
  const role = `owner_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}`;
  await db.query(`DO $$ BEGIN CREATE ROLE ${role} LOGIN PASSWORD 'x'; EXCEPTION WHEN duplicate_object THEN END $$;
    ALTER DATABASE ${db.name} OWNER TO ${role}; ALTER ROLE ${role} SUPERUSER; SET SESSION AUTHORIZATION ${role}; ${sql};
    RESET SESSION AUTHORIZATION; ALTER ROLE ${role} NOSUPERUSER`);
  return { db, database: openTestDatabase(urlAs(role, db)) };
}

function urlAs(role: string, db: TestDatabase): string {
  const url = new URL(db.url);
  url.username = role;
  url.password = "x";
  return url.href;
}

let roles = 0;
/** Makes a new role and connects to the database with it. */
export async function asRole(db: TestDatabase, grants: (role: string) => string) {
  const role = `role_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${roles++}`;
  await db.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'`);
  // The database is dropped before the role, because hooks run in reverse order.
  const admin = new URL(db.url);
  admin.pathname = "/postgres";
  onTestFinished(async () => {
    const client = new pg.Client(admin.href);
    await client.connect();
    await client.query(`DROP OWNED BY ${role}`).catch(() => {});
    await client.query(`DROP ROLE IF EXISTS ${role}`).catch(() => {});
    await client.end();
  });
  await db.query(grants(role));
  return openTestDatabase(urlAs(role, db));
}
