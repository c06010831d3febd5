import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { migrate } from "../../scripts/migrate.ts";
import { startNext } from "../../scripts/next-server.ts";
import { createOwnedDatabase } from "../../scripts/owned-database.ts";
import { findFreePort, startPostgres } from "../../scripts/postgres.ts";
import { ROOT } from "../../scripts/run.ts";
import { seed } from "../../scripts/seed.ts";

export interface Shop {
  url: string;
  databaseUrl: string;
  /** The server's own temporary folder, which contains uploads. */
  serverFolder: string;
  stop(): Promise<void>;
}

export const DATABASE = "shop";

/**
 * Starts the built demo with a new database of its own. It uses PostgreSQL 15, because states are compared with
 * `pg_dump`, which is of that version on many machines and refuses newer servers.
 *
 * @param options.scale as in `seed`
 * @param options.nextAuthSecret default: one of its own
 */
export async function startShop(
  onOutput: (chunk: Buffer) => void,
  options: { scale?: number; nextAuthSecret?: string } = {},
): Promise<Shop> {
  if (!existsSync(path.join(ROOT, ".next/BUILD_ID"))) {
    throw new Error("The app is not built. Run `npm test`, or `next build` first.");
  }
  const started = new AsyncDisposableStack();
  const stop = () => started.disposeAsync();
  try {
    const serverFolder = await mkdtemp(path.join(tmpdir(), "shop-"));
    started.defer(() => rm(serverFolder, { recursive: true, force: true }));
    const postgres = await startPostgres({ major: 15, trustsSuperuser: true, inMemory: true });
    started.defer(() => postgres.stop());
    const databaseUrl = await createOwnedDatabase(postgres.url(), DATABASE);
    await migrate(databaseUrl);
    await seed(databaseUrl, options);
    const next = await startNext({
      port: await findFreePort(),
      databaseUrl,
      nextAuthSecret: options.nextAuthSecret ?? randomBytes(32).toString("base64url"),
      env: { TMPDIR: serverFolder },
      onOutput,
    });
    started.defer(() => next.stop());
    return { url: next.url, databaseUrl, serverFolder, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
