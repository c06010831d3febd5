/**
 * `npm run test:long`: what takes too long for every change. Random schemas by the thousand, others in every run, on
 * every version of PostgreSQL; types, schemas and hostile defaults on every version, and from each to each newer one;
 * thousands of damaged archives in each mode; more points at which a restore is killed.
 *
 * How many schemas on each server is `RANDOM_SCHEMA_RUNS`, which ones `RANDOM_SCHEMA_SEED`.
 */
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { runNode } from "./run.ts";

const {
  RANDOM_SCHEMA_RUNS = "2000",
  RANDOM_SCHEMA_SEED = String(randomInt(2 ** 31)),
  POSTGRES_MAJORS = "15,16,17,18",
  HOSTILE_CASES = "8000",
  KILL_TEST_FACTOR = "3",
} = process.env;
const env = {
  ...{ RANDOM_SCHEMA_RUNS, RANDOM_SCHEMA_SEED, POSTGRES_MAJORS },
  ...{ HOSTILE_CASES, KILL_TEST_FACTOR },
};
console.log(
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}`)
    .join(" "),
);
const test = fileURLToPath(new URL("./test.ts", import.meta.url));
const run = (...args: string[]) => runNode([test, ...args], { env });

const given = process.argv.slice(2);
const codes =
  given.length > 0
    ? [await run("integration", ...given)]
    : [
        await run("unit", "lib/archive"),
        await run("integration", "lib/restore", "lib/operations/kill", "lib/schema"),
      ];
process.exitCode = Math.max(...codes);
