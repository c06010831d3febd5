import { defineConfig, devices } from "@playwright/test";
import { PATIENCE_MS, TEST_LIMIT_MS } from "../../lib/testing/patience.ts";
import { SCOPE } from "../../lib/testing/scope.ts";
import { LAUNCH } from "../support/browser.ts";

/** Hosts are built in temporary folders from the tarball of `npm pack`. Needs no built app, but npm's registry. */
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  testIgnore: SCOPE.leftOut.hosts,
  outputDir: "../../test-results/hosts",
  globalSetup: "./support/global-setup.ts",
  // Each worker builds one host, at the same time, because installing is mostly waiting.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: TEST_LIMIT_MS,
  expect: { timeout: PATIENCE_MS },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    launchOptions: LAUNCH,
    actionTimeout: PATIENCE_MS,
    navigationTimeout: PATIENCE_MS,
    screenshot: "only-on-failure",
    trace: { mode: "retain-on-failure", screenshots: false },
  },
});
