import pg from "pg";
import { quoteLiteral } from "./identifiers.ts";

/** A connection's settings beside those of `pg`. */
export interface ConnectionConfig extends pg.ClientConfig {
  /** The schema of the app's tables, as Prisma's `?schema=` or its adapter's option: the first of the search_path. */
  schema?: string | undefined;
}

/** Of `schema`, or of the connection string. */
export function schemaOf({ schema, connectionString }: ConnectionConfig): string | undefined {
  const [, encoded] = /[?&]schema=([^&#]+)/.exec(connectionString ?? "") ?? [];
  if (schema !== undefined || encoded === undefined) return schema;
  try {
    return decodeURIComponent(encoded);
  } catch {
    return undefined;
  }
}

/** Where it is not the one that RESET goes back to. */
const searchPaths = new WeakMap<pg.ClientBase, string>();

/**
 * Has the role's own search_path begin with the configuration's schema, unless its `options` set another one. By SQL
 * afterwards, and not as a parameter of the connection, which many poolers do not take.
 */
export async function readOwnSearchPath(
  client: pg.Client,
  config: ConnectionConfig,
): Promise<void> {
  const schema = schemaOf(config);
  // A name in `options` may be written with a dash.
  if (schema === undefined || /search[-_]path/i.test(optionsOf(config) ?? "")) return;
  const { rows } = await client.query<{ path: string }>(
    `SELECT pg_catalog.concat_ws(', ', pg_catalog.quote_ident($1), nullif(s.reset_val, '')) AS path
     FROM pg_catalog.pg_settings s WHERE s.name = 'search_path'`,
    [schema],
  );
  if (rows[0]) searchPaths.set(client, rows[0].path);
}

/** `-c search_path=shop`, of the configuration, its connection string, or the environment's PGOPTIONS. */
export function optionsOf(config: pg.ClientConfig): string | undefined {
  const { options } = (
    new pg.Client(config) as unknown as { connectionParameters: { options?: string } }
  ).connectionParameters;
  return options || undefined;
}

/** The role's own search_path, if it is not the one that RESET goes back to. */
export const ownSearchPathText = (client: pg.ClientBase): string | undefined =>
  searchPaths.get(client);

/**
 * Only tables can be read by their name: whoever owns a relation, or its schema, may put a view in its place at any
 * moment, whose functions would run as whoever reads it. Servers that lack this security fix do not know the setting.
 */
export const ONLY_TABLES = {
  name: "restrict_nonsystem_relation_kind",
  value: "view, foreign-table",
};

const setOnlyTables = (value: string, isLocal: boolean): string =>
  `SELECT pg_catalog.set_config(s.name, ${value}, ${isLocal}) FROM pg_catalog.pg_settings s WHERE s.name = '${ONLY_TABLES.name}'`;

/** Statements: from here on, functions find each other, and views, as they do for the app. */
export const ownSearchPath = (client: pg.ClientBase, isLocal = false): string => {
  const path = searchPaths.get(client);
  const reset = isLocal ? "SET LOCAL search_path TO DEFAULT" : "RESET search_path";
  const set =
    path === undefined
      ? reset
      : `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(path)}, ${isLocal})`;
  return `${setOnlyTables("s.reset_val", isLocal)}; ${set}`;
};

/** Statements: functions in constraints, indexes and generated columns may rely on the role's own settings. */
export const ownSettings = (client: pg.ClientBase): string =>
  `${ownSearchPath(client)}; RESET TimeZone`;

/** Statements: back to the settings of this library's connections, for the rest of the transaction. */
export const FIXED_SETTINGS = `SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; ${setOnlyTables(`'${ONLY_TABLES.value}'`, true)}`;
