/**
 * All settings for how much is tested. `npm test` uses the quick scope: each kind of proof at least once. `npm run
 * test:all` runs everything, and so does a named check, for example `npm test -- unit lib/plan`. `npm run test:long`
 * runs more cases than a person wants to wait for. The environment variables here set single numbers.
 */
const { TEST_SCOPE = "all", POSTGRES_MAJORS, RANDOM_SCHEMA_RUNS, HOSTILE_CASES } = process.env;

interface Scope {
  /** Versions of PostgreSQL for tests that run on several. Other tests run on 15, and some on 18. */
  majors: string;
  /** On each of these versions. */
  randomSchemas: number;
  /** How many tables a database with many has. A multiple of 10. */
  manyTables: number;
  /** How many bits and lengths are changed in an archive of each mode. A multiple of 400. */
  hostileCases: number;
  /** Runs every nth case of a table of cases, beginning with the first. */
  everyNth: number;
  /** How many points a restore is struck at. */
  killPoints: { process: number; session: number; connection: number; server: number };
  /** Tests that are left out, by check. Paths are relative to the repository, or to the folder of a browser check. */
  leftOut: Record<"unit" | "integration" | "package" | "e2e" | "hosts", string[]>;
}

const ALL: Scope = {
  majors: "15,18",
  randomSchemas: 100,
  manyTables: 1000,
  hostileCases: 2000,
  everyNth: 1,
  killPoints: { process: 31, session: 31, connection: 31, server: 8 },
  leftOut: { unit: [], integration: [], package: [], e2e: [], hosts: [] },
};

export const SCOPES: Record<string, Scope> = {
  all: ALL,
  quick: {
    majors: "18",
    randomSchemas: 10,
    manyTables: 200,
    hostileCases: 800,
    everyNth: 6,
    killPoints: { process: 3, session: 3, connection: 3, server: 2 },
    // Tests whose fact another test proves in another way, or that take long for what they add.
    leftOut: {
      unit: [],
      integration: [
        "bench/memory.integration.test.ts",
        "lib/backup/create-backup-file.integration.test.ts",
        "lib/backup/large-rows.integration.test.ts",
        "lib/backup/one-moment.integration.test.ts",
        "lib/cli/leave-out.integration.test.ts",
        "lib/cli/original.integration.test.ts",
        "lib/cli/platform-schemas.integration.test.ts",
        "lib/cli/standby.integration.test.ts",
        "lib/http/events.integration.test.ts",
        "lib/moving-house.integration.test.ts",
        "lib/operations/proof.integration.test.ts",
        "lib/operations/settle.integration.test.ts",
        "lib/plain-node.integration.test.ts",
        "lib/postgres/connection/connection-count.integration.test.ts",
        "lib/postgres/lock-holders.integration.test.ts",
        "lib/postgres/publications.integration.test.ts",
        "lib/restore/living-app.integration.test.ts",
      ],
      package: ["e2e/package/generated.test.ts"],
      e2e: [
        "activity.spec.ts",
        "changes.spec.ts",
        "keyboard.spec.ts",
        "look-inside.spec.ts",
        "notification.spec.ts",
        "original.spec.ts",
        "pages.spec.ts",
        "race.spec.ts",
        "receipt.spec.ts",
        "rights.spec.ts",
        "scope.spec.ts",
        "slow-network.spec.ts",
        "styles/isolation.spec.ts",
        "undo.spec.ts",
        "upload.spec.ts",
      ],
      hosts: ["plain.spec.ts", "pnp.spec.ts", "sign-ins.spec.ts"],
    },
  },
  long: {
    ...ALL,
    majors: "15,16,17,18",
    randomSchemas: 2000,
    hostileCases: 8000,
    killPoints: { process: 93, session: 93, connection: 93, server: 24 },
  },
};

const chosen = SCOPES[TEST_SCOPE];
if (!chosen) throw new Error(`TEST_SCOPE is none of ${Object.keys(SCOPES).join(", ")}.`);

export const SCOPE: Scope = {
  ...chosen,
  majors: POSTGRES_MAJORS ?? chosen.majors,
  randomSchemas: Number(RANDOM_SCHEMA_RUNS ?? chosen.randomSchemas),
  hostileCases: Number(HOSTILE_CASES ?? chosen.hostileCases),
};

/** Returns as many of a table's cases as the scope allows. */
export const sample = <Case>(cases: readonly Case[]): Case[] =>
  cases.filter((_, index) => index % SCOPE.everyNth === 0);
