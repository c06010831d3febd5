import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { startPostgres } from "../../../scripts/postgres.ts";
import { ROOT } from "../../../scripts/run.ts";
import { step } from "../../../scripts/step.ts";
import { run } from "./run.ts";

/** Packs the add-on as for npm, and starts PostgreSQL 15, which pg_dump can read on most machines. */
export default async function setup(): Promise<() => Promise<void>> {
  const started = new AsyncDisposableStack();
  try {
    const folder = await mkdtemp(path.join(tmpdir(), "packed-"));
    started.defer(() => rm(folder, { recursive: true, force: true }));
    // You can set another tarball, for example that of a release.
    process.env.HOSTS_TARBALL ??= await step("npm pack", () => pack(folder), path.basename);
    const postgres = await startPostgres({ major: 15, inMemory: true });
    started.defer(() => postgres.stop());
    process.env.HOSTS_POSTGRES_URL = postgres.url();
  } catch (error) {
    await started.disposeAsync();
    throw error;
  }
  return () => started.disposeAsync();
}

/** @returns the tarball */
async function pack(folder: string): Promise<string> {
  const printed = await run("npm", ["pack", "--json", "--pack-destination", folder], { cwd: ROOT });
  // The output of `prepack` comes first.
  const [packed]: Array<{ filename: string }> = JSON.parse(printed.slice(printed.search(/^\[/m)));
  if (!packed) throw new Error("npm pack made nothing.");
  return path.join(folder, packed.filename);
}
