import type { TestProject } from "vitest/node";
import { startPostgres } from "../postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** Superuser connection string of a PostgreSQL 15 for all tests. */
    postgres15Url: string;
    /** Superuser connection string of a PostgreSQL 18 for all tests. */
    postgres18Url: string;
  }
}

/** Starts both servers once for all integration tests. Vitest calls what it returns at the end. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await Promise.allSettled([
    startPostgres({ major: 15 }),
    startPostgres({ major: 18 }),
  ]);
  const stop = async () => {
    await Promise.all(
      servers.map((server) => server.status === "fulfilled" && server.value.stop()),
    );
  };
  const [postgres15, postgres18] = servers;
  if (postgres15.status === "rejected" || postgres18.status === "rejected") {
    await stop();
    throw servers.find((server) => server.status === "rejected")?.reason;
  }
  project.provide("postgres15Url", postgres15.value.url());
  project.provide("postgres18Url", postgres18.value.url());
  return stop;
}
