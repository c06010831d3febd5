import type { Database } from "../postgres/connection/connection.ts";
import type { Catalog } from "../schema/catalog.ts";
import { readCatalog } from "../schema/read-catalog.ts";

/** Reads the catalog without a session of its own. */
export async function readPooledCatalog({ pool }: Database): Promise<Catalog> {
  const client = await pool.connect();
  try {
    return await readCatalog(client);
  } finally {
    client.release();
  }
}
