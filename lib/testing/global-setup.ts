import type { TestProject } from "vitest/node";
import { buildPackage } from "../../scripts/build-package.ts";
import { startPostgres } from "../../scripts/postgres.ts";
import type { Major } from "../../scripts/postgres-package.ts";
import { STARTED } from "./majors.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Superuser connection strings of the servers that all tests share. */
    postgresUrls: Partial<Record<Major, string>>;
  }
}

/** Builds the package and starts the servers, once for all integration tests. Vitest calls the result at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  await buildPackage();
  const servers = await Promise.allSettled(
    STARTED.map((major) => startPostgres({ major, trustsSuperuser: true, inMemory: true })),
  );
  const stop = async () => {
    await Promise.all(
      servers.map((server) => server.status === "fulfilled" && server.value.stop()),
    );
  };
  const urls: Partial<Record<Major, string>> = {};
  for (const [index, server] of servers.entries()) {
    const major = STARTED[index];
    if (server.status === "rejected" || major === undefined) {
      await stop();
      throw server.status === "rejected" ? server.reason : new Error("unreachable");
    }
    urls[major] = server.value.url();
  }
  project.provide("postgresUrls", urls);
  return stop;
}
