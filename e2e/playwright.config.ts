import { defineConfig, devices } from "@playwright/test";
import { PAGE_PATIENCE_MS, TEST_LIMIT_MS } from "../lib/testing/patience.ts";
import { SCOPE } from "../lib/testing/scope.ts";
import { LAUNCH } from "./support/browser.ts";

/** Needs a built app: `npm test` or `next build` builds it. Starts its own database and server. */
export default defineConfig({
  testDir: ".",
  testIgnore: ["hosts/**", "package/**", ...SCOPE.leftOut.e2e],
  outputDir: "../test-results/e2e",
  globalSetup: "./support/global-setup.ts",
  // Each worker has its own shop. The tests of one file use the same database, one after another.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: TEST_LIMIT_MS,
  expect: { timeout: PAGE_PATIENCE_MS },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    // The address of the worker's own shop. The global set-up chooses the ports, and each worker reads this file again.
    baseURL: process.env[`E2E_URL_${process.env.TEST_PARALLEL_INDEX}`],
    launchOptions: LAUNCH,
    actionTimeout: PAGE_PATIENCE_MS,
    navigationTimeout: PAGE_PATIENCE_MS,
    screenshot: "only-on-failure",
    // Without screenshots, which cost as much as the browser itself.
    trace: { mode: "retain-on-failure", screenshots: false },
  },
  projects: [
    { name: "sign in", testMatch: "sign-in.setup.ts" },
    { name: "panel", dependencies: ["sign in"] },
  ],
});
