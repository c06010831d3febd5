import { createWriteStream } from "node:fs";
import { mkdir } from "node:fs/promises";
import path from "node:path";
import { finished } from "node:stream/promises";
import type { FullConfig } from "@playwright/test";
import { startShop } from "./shop.ts";

/** Starts the shop for all tests; Playwright calls what it returns at the end. */
export default async function setup(config: FullConfig): Promise<() => Promise<void>> {
  const folder = path.join(config.rootDir, "..", "test-results");
  await mkdir(folder, { recursive: true });
  const serverLog = path.join(folder, "server.log");
  const log = createWriteStream(serverLog);
  const shop = await startShop((chunk) => log.write(chunk), { scale: 0.25 });
  process.env.E2E_URL = shop.url;
  process.env.E2E_DATABASE_URL = shop.databaseUrl;
  process.env.E2E_SERVER_LOG = serverLog;
  process.env.E2E_SERVER_FOLDER = shop.serverFolder;
  return async () => {
    await shop.stop();
    log.end();
    await finished(log);
  };
}
