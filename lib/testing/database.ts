import pg from "pg";
import { inject } from "vitest";
import type { Major } from "../../scripts/postgres-package.ts";

export interface TestDatabase extends AsyncDisposable {
  url: string;
  name: string;
  query<Row extends pg.QueryResultRow = Record<string, unknown>>(
    sql: string,
    params?: unknown[],
  ): Promise<Row[]>;
}

export interface TestDatabaseOptions {
  /** Default 15: pg_dump, which tests compare with, is of that version. */
  major?: Major;
  /** A server of the test's own, instead of one of those that all tests share. */
  serverUrl?: string;
  /** Default UTF8. */
  encoding?: "UTF8" | "SQL_ASCII" | "LATIN1" | "WIN1251" | "WIN1252" | "EUC_JP";
  /** Run in the new database. */
  sql?: string;
  /**
   * Runs `sql` once for this process, and copies from then on: for what takes its time, or has to be the same in each
   * to the last bit. Owners and settings of the database itself are not copied.
   */
  copied?: boolean;
}

let created = 0;
/** By server and SQL: the name of the database that is copied. They go with the server. */
const originals = new Map<string, Promise<string>>();

/** Superuser connection string of the server that all tests of this version share. */
export function serverUrlOf(major: Major): string {
  const url = inject("postgresUrls")[major];
  if (url === undefined) throw new Error(`There is no PostgreSQL ${major} in this run.`);
  return url;
}

/** A new, empty database on a real server. `await using` drops it, whoever is still connected. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const serverUrl = options.serverUrl ?? serverUrlOf(options.major ?? 15);
  const name = `test_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${created++}`;
  const { encoding, sql, copied = false } = options;
  const template = copied ? await originalOf(serverUrl, sql) : "template0";
  await administer(serverUrl, createSql(name, template, encoding));

  const url = urlOf(serverUrl, name);
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  // Dropping the database cuts idle connections, also those that the pool is ending: no failure of a test.
  pool.on("error", () => {});
  pool.on("connect", (client) => client.on("error", () => {}));

  const database: TestDatabase = {
    url: url.href,
    name,
    async query<Row extends pg.QueryResultRow>(sql: string, params?: unknown[]) {
      return (await pool.query<Row>(sql, params)).rows;
    },
    async [Symbol.asyncDispose]() {
      await pool.end();
      await administer(serverUrl, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
  if (sql !== undefined && !copied) {
    try {
      await pool.query(sql);
    } catch (error) {
      await database[Symbol.asyncDispose]();
      throw error;
    }
  }
  return database;
}

function originalOf(serverUrl: string, sql = ""): Promise<string> {
  const key = `${serverUrl} ${sql}`;
  const known = originals.get(key) ?? makeOriginal(serverUrl, sql);
  originals.set(key, known);
  return known;
}

async function makeOriginal(serverUrl: string, sql: string): Promise<string> {
  const name = `original_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${created++}`;
  await administer(serverUrl, createSql(name, "template0"));
  // Only what nobody is connected to can be copied.
  const client = new pg.Client({ connectionString: urlOf(serverUrl, name).href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
  return name;
}

/** Copied as files: half the work of writing all of it to the log, on a server that need not survive a crash. */
const createSql = (name: string, template: string, encoding?: string): string =>
  `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY ${encoding ? `ENCODING '${encoding}' LOCALE 'C'` : ""}`;

function urlOf(serverUrl: string, name: string): URL {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url;
}

/** To each server one connection for all databases that come and go. */
const administrators = new Map<string, pg.Pool>();

async function administer(serverUrl: string, sql: string): Promise<void> {
  const known = administrators.get(serverUrl);
  const pool = known ?? new pg.Pool({ connectionString: serverUrl, max: 1, allowExitOnIdle: true });
  // Where a test stops the server, the next statement connects anew.
  if (!known) pool.on("error", () => {});
  administrators.set(serverUrl, pool);
  await pool.query(sql);
}

export { pgDumpOnce, pgDumpText, requireTool } from "./oracles.ts";
