import pg from "pg";
import { quoteLiteral } from "../identifiers.ts";

/** Settings of a connection, in addition to those of `pg`. */
export interface ConnectionConfig extends pg.ClientConfig {
  /** The schema of the app's tables, as in Prisma's `?schema=`. It comes first in the search_path. */
  schema?: string | undefined;
}

/** The schema from the `schema` option, otherwise from the connection string. */
export function schemaOf({ schema, connectionString }: ConnectionConfig): string | undefined {
  const [, encoded = ""] = /[?&]schema=([^&#]+)/.exec(connectionString ?? "") ?? [];
  return schema ?? decodePercent(encoded);
}

/** @returns undefined for an empty text or an invalid encoding */
export function decodePercent(encoded: string): string | undefined {
  try {
    return decodeURIComponent(encoded) || undefined;
  } catch {
    return undefined;
  }
}

/** Each connection's own search_path, if it differs from the one that RESET restores. */
const searchPaths = new WeakMap<pg.ClientBase, string>();

/** Puts the schema first in the role's search_path. By SQL, because many poolers refuse it as a parameter. */
export async function readOwnSearchPath(
  client: pg.Client,
  config: ConnectionConfig,
): Promise<void> {
  const schema = schemaOf(config);
  // `options` may spell the setting with a dash.
  if (schema === undefined || /search[-_]path/i.test(optionsOf(config) ?? "")) return;
  const { rows } = await client.query<{ path: string }>(
    `SELECT pg_catalog.concat_ws(', ', pg_catalog.quote_ident($1), nullif(s.reset_val, '')) AS path
     FROM pg_catalog.pg_settings s WHERE s.name = 'search_path'`,
    [schema],
  );
  if (rows[0]) searchPaths.set(client, rows[0].path);
}

/** The options, for example `-c search_path=shop`, from the configuration, its connection string or PGOPTIONS. */
export function optionsOf(config: pg.ClientConfig): string | undefined {
  const { options } = (
    new pg.Client(config) as unknown as { connectionParameters: { options?: string } }
  ).connectionParameters;
  return options || undefined;
}

/** The role's own search_path, if it differs from the one that RESET restores. */
export const ownSearchPathText = (client: pg.ClientBase): string | undefined =>
  searchPaths.get(client);

/**
 * Makes PostgreSQL refuse views and foreign tables by name. The owner of a relation or of its schema can replace it
 * with a view at any moment, and the view's functions would run with the rights of the role that reads it. Servers
 * without this security fix do not know the setting.
 */
export const ONLY_TABLES = {
  name: "restrict_nonsystem_relation_kind",
  value: "view, foreign-table",
};

const setOnlyTables = (value: string, isLocal: boolean): string =>
  `SELECT pg_catalog.set_config(s.name, ${value}, ${isLocal}) FROM pg_catalog.pg_settings s WHERE s.name = '${ONLY_TABLES.name}'`;

/** SQL statements. After these, functions find each other and views as they do for the app. */
export const ownSearchPath = (client: pg.ClientBase, isLocal = false): string => {
  const path = searchPaths.get(client);
  const reset = isLocal ? "SET LOCAL search_path TO DEFAULT" : "RESET search_path";
  const set =
    path === undefined
      ? reset
      : `SELECT pg_catalog.set_config('search_path', ${quoteLiteral(path)}, ${isLocal})`;
  return `${setOnlyTables("s.reset_val", isLocal)}; ${set}`;
};

/** SQL statements. Functions in constraints, indexes and generated columns may rely on the role's own settings. */
export const ownSettings = (client: pg.ClientBase): string =>
  `${ownSearchPath(client)}; RESET TimeZone`;

/** SQL statements that return to this library's settings for the rest of the transaction. */
export const FIXED_SETTINGS = `SET LOCAL search_path = ''; SET LOCAL TimeZone = 'UTC'; ${setOnlyTables(`'${ONLY_TABLES.value}'`, true)}`;
