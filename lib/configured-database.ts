import type pg from "pg";
import type { Config } from "./config.ts";
import { BackupError } from "./errors.ts";
import { type Database, openDatabase } from "./postgres/connection/connection.ts";
import { OwnClient } from "./postgres/connection/own-client.ts";
import { type ConnectionConfig, optionsOf, schemaOf } from "./postgres/connection/own-settings.ts";
import { recogniseAccess } from "./postgres/connection/pooler.ts";
import { requireSameDatabase } from "./same-database.ts";
import { connectionFromPrisma, schemaFromPrisma } from "./schema/prisma-client.ts";

/**
 * Opens the configured database: by explicit settings, else the Prisma client's own connection, DIRECT_URL or
 * DATABASE_URL, of which it proves that they lead to the client's database. If the client's own is a transaction
 * pooler, DIRECT_URL may replace it. To find that out, this function connects. Otherwise the first statement does.
 * @throws CONFIG_INVALID if there is no connection, or it leads to another database
 */
export async function openConfiguredDatabase(
  config: Pick<Config, "prisma" | "connectionString" | "ssl" | "pool">,
  environment: Record<string, string | undefined> = process.env,
  connectTimeoutMs?: number,
): Promise<Database> {
  const { connectionString, pool, prisma, ssl } = config;
  const timeout = connectTimeoutMs !== undefined && { connectionTimeoutMillis: connectTimeoutMs };
  const open = (given: ConnectionConfig) => openDatabase(withSsl({ ...given, ...timeout }, ssl));
  if (connectionString !== undefined || pool !== undefined) {
    const given = { ...pool, ...(connectionString !== undefined && { connectionString }) };
    return open({ ...given, schema: schemaOf(given) ?? schemaFromPrisma(prisma) });
  }
  // If one variable contains Prisma's own prisma+postgres://, the other may still be usable.
  const [direct, database] = [environment.DIRECT_URL, environment.DATABASE_URL].map((url) =>
    url !== undefined && /^postgres(ql)?:\/\//.test(url) ? { connectionString: url } : null,
  );
  const own = await connectionFromPrisma(prisma);
  const openSame = async (given: ConnectionConfig) => {
    const opened = open(given);
    try {
      await requireSameDatabase(prisma, opened, given === own);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  };
  if (own && direct && (await isPoolOf(withSsl(own, ssl), direct))) {
    // The role's settings are the app's on either connection. Those of the direct connection override them.
    const schema = schemaOf(direct) ?? schemaOf(own);
    return openSame({ ...direct, options: optionsOf(own), schema });
  }
  const found = own ?? direct ?? database;
  if (found) return openSame(found);
  throw new BackupError("CONFIG_INVALID", "There is no connection to PostgreSQL to work with.", {
    hint: "Give a `connectionString`, use Prisma's `pg` driver adapter, or set DIRECT_URL or DATABASE_URL to a postgresql:// URL.",
  });
}

/** Whether a connection is a transaction pooler for the same database. A script may have clients of several. */
async function isPoolOf(own: pg.ClientConfig, direct: pg.ClientConfig): Promise<boolean> {
  try {
    if (new OwnClient(own).database !== new OwnClient(direct).database) return false;
    const access = await recogniseAccess({ connectionTimeoutMillis: 15_000, ...own });
    return access === "transaction pooler";
  } catch {
    // A wrong setting will fail when it is used.
    return false;
  }
}

/** Removes SSL parameters from the connection string, because `pg` would prefer them to `ssl`. */
function withSsl(config: ConnectionConfig, ssl: pg.ClientConfig["ssl"]): ConnectionConfig {
  if (ssl === undefined) return config;
  const connectionString = config.connectionString?.replaceAll(
    /(?<=[?&])(?:ssl|sslmode|sslcert|sslkey|sslrootcert)=[^&]*&?/g,
    "",
  );
  return { ...config, ...(connectionString !== undefined && { connectionString }), ssl };
}
