import { defineConfig } from "vitest/config";
import { TEST_LIMIT_MS } from "../lib/testing/patience.ts";
import { SCOPE } from "../lib/testing/scope.ts";
import { LongestFirst } from "./longest-first.ts";

export default defineConfig({
  resolve: {
    tsconfigPaths: true,
    // What `server-only` is to a server component: nothing.
    alias: {
      "server-only": new URL("../node_modules/server-only/empty.js", import.meta.url).pathname,
    },
  },
  test: {
    sequence: { sequencer: LongestFirst },
    testTimeout: TEST_LIMIT_MS,
    hookTimeout: TEST_LIMIT_MS,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["{lib,components,scripts,app}/**/*.test.{ts,tsx}"],
          exclude: ["**/*.integration.test.ts", ...SCOPE.leftOut.unit],
          maxWorkers: 2,
          // To load the library and its packages anew for each of many files costs as much as most of their tests.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "integration",
          include: ["{lib,components,scripts,app,prisma,bench}/**/*.integration.test.ts"],
          exclude: SCOPE.leftOut.integration,
          globalSetup: ["lib/testing/global-setup.ts"],
          // Half of the time they wait for a server.
          maxWorkers: 3,
          // As above. Each test has a database of its own, and what needs a process of its own starts one.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "package",
          include: ["e2e/package/*.test.ts"],
          exclude: SCOPE.leftOut.package,
          globalSetup: ["e2e/package/support/global-setup.ts"],
          maxWorkers: 2,
        },
      },
    ],
  },
});
