import type pg from "pg";
import { BackupError } from "../../errors.ts";

/** SQL condition: true for PGlite, which is PostgreSQL in WebAssembly, as started by `prisma dev`. */
export const IS_ONE_SESSION = "(pg_catalog.version() ~* 'wasm|emscripten|emcc')";

export const ONE_SESSION =
  "This is PGlite, PostgreSQL in WebAssembly, as `prisma dev` starts it: all connections to it are one session, the app's.";

export const ONE_SESSION_HINT =
  "Backups and restores need sessions of their own: use a PostgreSQL server. For a copy of what `prisma dev` holds, use its own export, or run prisma migrate and your seed against a server.";

/** Refuses a server on which our settings and transactions would also be the app's. @throws CONFIG_INVALID */
export async function requireSessionsOfOnesOwn(client: pg.ClientBase): Promise<void> {
  const { rows } = await client.query<{ isOne: boolean }>(`SELECT ${IS_ONE_SESSION} AS "isOne"`);
  if (!rows[0]?.isOne) return;
  throw new BackupError("CONFIG_INVALID", `${ONE_SESSION} Nothing has been done.`, {
    hint: ONE_SESSION_HINT,
  });
}
