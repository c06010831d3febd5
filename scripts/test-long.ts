/**
 * `npm run test:long`: random schemas by the thousand, others in every run. How many on each server is
 * `RANDOM_SCHEMA_RUNS`, which ones `RANDOM_SCHEMA_SEED`.
 */
import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { runNode } from "./run.ts";

const { RANDOM_SCHEMA_RUNS = "2000", RANDOM_SCHEMA_SEED = String(randomInt(2 ** 31)) } =
  process.env;
console.log(`RANDOM_SCHEMA_RUNS=${RANDOM_SCHEMA_RUNS} RANDOM_SCHEMA_SEED=${RANDOM_SCHEMA_SEED}`);
const test = fileURLToPath(new URL("./test.ts", import.meta.url));
process.exitCode = await runNode(
  [test, "integration", "lib/restore/random", ...process.argv.slice(2)],
  { env: { RANDOM_SCHEMA_RUNS, RANDOM_SCHEMA_SEED } },
);
