import { createRequire } from "node:module";
import path from "node:path";
import { findInstalled } from "../host/installed.ts";

interface NextEnv {
  loadEnvConfig(
    folder: string,
    isDevelopment: boolean,
    log: { info(): void; error(): void },
  ): unknown;
}

/** Loads the .env files with the host's own Next, if there is one, so that doctor sees what the app sees. */
export async function loadEnvironment(root: string): Promise<void> {
  const next = await findInstalled(root, "next");
  if (next === null) return;
  try {
    const { loadEnvConfig } = createRequire(path.join(next, "package.json"))(
      "@next/env",
    ) as NextEnv;
    loadEnvConfig(root, process.env.NODE_ENV !== "production", { info() {}, error() {} });
  } catch {
    // The installation is incomplete. The check of versions reports that.
  }
}
