import { defineConfig, devices } from "@playwright/test";
import { LAUNCH } from "../support/browser.ts";

/** Hosts are built in temporary folders from the tarball of `npm pack`: needs no built app, but npm's registry. */
export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../../test-results/hosts",
  globalSetup: "./support/global-setup.ts",
  // A host each, at the same time: much of installing is waiting.
  workers: 2,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    launchOptions: LAUNCH,
    actionTimeout: 20_000,
    screenshot: "only-on-failure",
    trace: { mode: "retain-on-failure", screenshots: false },
  },
});
