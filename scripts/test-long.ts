/**
 * `npm run test:long`: tests that take too long for every change. Thousands of random schemas, others in every run, on
 * every version of PostgreSQL. Types, schemas and hostile defaults on every version, and from each to each newer one.
 * Thousands of damaged archives in each mode. More points at which a restore is killed. Archives of gigabytes.
 *
 * lib/testing/scope.ts sets the amounts. `RANDOM_SCHEMA_SEED` sets which schemas are made.
 */
import { randomInt } from "node:crypto";
import { glob } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { ROOT, runNode } from "./run.ts";

const { RANDOM_SCHEMA_SEED = String(randomInt(2 ** 31)), POSTGRES_MAJORS = "all" } = process.env;
console.log(`RANDOM_SCHEMA_SEED=${RANDOM_SCHEMA_SEED} POSTGRES_MAJORS=${POSTGRES_MAJORS}`);
const env = { TEST_SCOPE: "long", RANDOM_SCHEMA_SEED };
const run = (...args: string[]) => runNode(args, { env });
const test = fileURLToPath(new URL("./test.ts", import.meta.url));

const PARTS: Record<string, () => Promise<number>> = {
  archives: () => run(test, "unit", "lib/archive"),
  databases: () => run(test, "integration", "lib/restore", "lib/operations/kill", "lib/schema"),
  // These run as separate programs, each with gigabytes on the disk.
  async checks() {
    let failed = 0;
    for await (const file of glob("lib/**/*.check.ts", { cwd: ROOT })) {
      console.log(`\n── ${file} ──`);
      failed += await run(file);
    }
    return failed;
  },
};

const given = process.argv.slice(2);
const named = given.filter((name) => Object.hasOwn(PARTS, name));
if (given.length > named.length) {
  process.exitCode = await run(test, "integration", ...given);
} else {
  const codes: number[] = [];
  for (const [name, part] of Object.entries(PARTS))
    if (named.length === 0 || named.includes(name)) codes.push(await part());
  process.exitCode = Math.max(...codes);
}
