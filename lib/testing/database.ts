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
  /** Default 15: the version of pg_dump, which tests compare with. */
  major?: Major;
  /** A server for this test alone, instead of one that all tests share. */
  serverUrl?: string;
  /** Default UTF8. */
  encoding?: "UTF8" | "SQL_ASCII" | "LATIN1" | "WIN1251" | "WIN1252" | "EUC_JP";
  /** Run in the new database. */
  sql?: string;
  /**
   * Runs `sql` once in this process and copies the database from then on. For SQL that takes long or must give exactly
   * the same bytes each time. Owners and settings of the database itself are not copied.
   */
  copied?: boolean;
}

let created = 0;
/** The name of the database to copy, by server and SQL. They exist as long as the server. */
const originals = new Map<string, Promise<string>>();

/** Superuser connection string of the server that all tests of this version share. */
export function serverUrlOf(major: Major): string {
  const url = inject("postgresUrls")[major];
  if (url === undefined) throw new Error(`There is no PostgreSQL ${major} in this run.`);
  return url;
}

/** Makes a new, empty database on a real server. `await using` drops it, even if sessions are still connected. */
export async function createTestDatabase(options: TestDatabaseOptions = {}): Promise<TestDatabase> {
  const serverUrl = options.serverUrl ?? serverUrlOf(options.major ?? 15);
  const name = `test_${process.pid}_${process.env.VITEST_POOL_ID ?? 0}_${created++}`;
  const { encoding, sql, copied = false } = options;
  const template = copied ? await originalOf(serverUrl, sql) : "template0";
  await administer(serverUrl, createSql(name, template, encoding));

  const url = urlOf(serverUrl, name);
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  // When the database is dropped, idle connections are cut, also those that the pool is closing. That fails no test.
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
  // A database can only be copied while no session is connected to it.
  const client = new pg.Client({ connectionString: urlOf(serverUrl, name).href });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
  return name;
}

/** Copies the files. That costs half of writing everything to the WAL, and this server need not survive a crash. */
const createSql = (name: string, template: string, encoding?: string): string =>
  `CREATE DATABASE ${name} TEMPLATE ${template} STRATEGY FILE_COPY ${encoding ? `ENCODING '${encoding}' LOCALE 'C'` : ""}`;

function urlOf(serverUrl: string, name: string): URL {
  const url = new URL(serverUrl);
  url.pathname = `/${name}`;
  return url;
}

/** One connection to each server, for creating and dropping databases. */
const administrators = new Map<string, pg.Pool>();

async function administer(serverUrl: string, sql: string): Promise<void> {
  const known = administrators.get(serverUrl);
  const pool = known ?? new pg.Pool({ connectionString: serverUrl, max: 1, allowExitOnIdle: true });
  // If a test stops the server, the next statement connects again.
  if (!known) pool.on("error", () => {});
  administrators.set(serverUrl, pool);
  await pool.query(sql);
}

export { pgDumpOnce, pgDumpText, requireTool } from "./oracles.ts";
