import { migrate } from "../scripts/migrate.ts";
import { seed } from "../scripts/seed.ts";
import { withClient } from "../scripts/with-client.ts";
import { postsSql } from "./posts.ts";

export interface DataSet {
  name: string;
  /** Describes the data set at its full size. */
  about: string;
  /** Fills an empty database with the same rows every time. At scale 0 it only makes the tables. */
  fill(url: string, scale: number): Promise<unknown>;
}

/** Number of rows of the demo's seed at scale 1. With it, the shop gets two million rows. */
const SHOP_ROWS_AT_SCALE_1 = 130_000;

export const DATA_SETS: readonly DataSet[] = [
  {
    name: "posts",
    about: "1,000,000 rows of 10 columns",
    fill: (url, scale) => run(url, postsSql(Math.round(1e6 * scale))),
  },
  {
    name: "wide",
    about: "200,000 rows of 60 columns",
    fill: (url, scale) => run(url, wideSql(Math.round(2e5 * scale))),
  },
  {
    name: "many",
    about: "400 tables of 1,000 rows",
    fill: (url, scale) => run(url, manySql(400, Math.round(1000 * scale))),
  },
  {
    name: "blobs",
    about: "2,000 rows with 100 kB to 5 MB of bytea",
    fill: (url, scale) => run(url, blobsSql(Math.round(2000 * scale))),
  },
  {
    name: "shop",
    about: "the demo, 2,000,000 rows with foreign keys",
    async fill(url, scale) {
      await migrate(url);
      if (scale > 0) await seed(url, { scale: (scale * 2e6) / SHOP_ROWS_AT_SCALE_1 });
    },
  },
];

/** Ten times the same rows, to see how the time grows. */
export const GROWTH: DataSet = {
  name: "posts x10",
  about: "10,000,000 rows of 10 columns",
  fill: (url, scale) => run(url, postsSql(Math.round(1e7 * scale))),
};

const run = (url: string, sql: string): Promise<void> =>
  withClient(url, async (client) => {
    for (const statement of sql.split(/;\n/).filter((it) => it.trim() !== ""))
      await client.query(statement);
  });

/** Fifteen columns of each of four types. A fifth of the values are NULL. */
function wideSql(rows: number): string {
  const kinds = [
    { type: "integer", value: (c: number) => `i * ${c}` },
    { type: "text", value: (c: number) => `'value ' || md5((i + ${c})::text)` },
    { type: "numeric(12,2)", value: (c: number) => `(i % 100000) / ${c}.0` },
    {
      type: "timestamptz",
      value: (c: number) => `timestamptz '2020-01-01' + i * interval '${c}s'`,
    },
  ];
  const columns = Array.from({ length: 60 }, (_, c) => ({
    ...kinds[c % 4],
    name: `c${c}`,
    c: c + 1,
  }));
  return `CREATE TABLE wide (id bigint PRIMARY KEY, ${columns.map(({ name, type }) => `${name} ${type}`).join(", ")});
    INSERT INTO wide SELECT i, ${columns.map(({ value, c }) => `CASE WHEN (i + ${c}) % 5 > 0 THEN ${value?.(c)} END`).join(", ")}
    FROM generate_series(1, ${rows}) i;
    VACUUM ANALYZE`;
}

const manySql = (tables: number, rows: number): string =>
  `${Array.from(
    { length: tables },
    (
      _,
      t,
    ) => `CREATE TABLE t${t} (id bigint PRIMARY KEY, name text NOT NULL, at timestamptz NOT NULL);
    INSERT INTO t${t} SELECT i, 'name ' || md5((i + ${t})::text), timestamptz '2020-01-01' + i * interval '1 hour'
    FROM generate_series(1, ${rows}) i`,
  ).join(";\n")};
    VACUUM ANALYZE`;

/** Bytes that do not compress, like those of pictures. */
const blobsSql = (rows: number): string => `
  CREATE TABLE blob (id bigint PRIMARY KEY, data bytea NOT NULL);
  ALTER TABLE blob ALTER data SET STORAGE EXTERNAL;
  INSERT INTO blob SELECT i, (
    SELECT string_agg(sha512((i::text || '.' || n)::bytea), ''::bytea ORDER BY n)
    FROM generate_series(1, (100000 + (i * 7919 % 1000) * 4900) / 64) n)
  FROM generate_series(1, ${rows}) i;
  VACUUM ANALYZE`;
