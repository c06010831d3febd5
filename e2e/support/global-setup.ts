import { randomBytes } from "node:crypto";
import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import type { FullConfig } from "@playwright/test";
import { tell } from "./environment.ts";
import { startShop } from "./shop.ts";

/** Starts a shop for each worker, because its tests change the database. Playwright calls the result at the end. */
export default async function setup(config: FullConfig): Promise<() => Promise<void>> {
  const folder = path.join(config.rootDir, "..", "test-results");
  await mkdir(folder, { recursive: true });
  // All shops have the same secret and seed, so a session of one is valid in all.
  const nextAuthSecret = randomBytes(32).toString("base64url");
  await using starting = new AsyncDisposableStack();
  await Promise.all(
    Array.from({ length: config.workers }, async (_, worker) => {
      const serverLog = path.join(folder, `server-${worker}.log`);
      const log = createWriteStream(serverLog);
      const write = (chunk: Buffer) => log.write(chunk);
      const shop = await startShop(write, { scale: 0.25, nextAuthSecret });
      starting.defer(async () => {
        await shop.stop();
        log.end();
        await finished(log);
      });
      const { url, databaseUrl, serverFolder } = shop;
      tell(worker, { url, databaseUrl, serverFolder, serverLog });
    }),
  );
  const started = starting.move();
  return () => started.disposeAsync();
}
