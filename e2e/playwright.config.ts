import { defineConfig, devices } from "@playwright/test";
import { LAUNCH } from "./support/browser.ts";

/** Needs a built app: `npm test` builds it, or `next build`. Starts its own database and server. */
export default defineConfig({
  testDir: ".",
  testIgnore: ["hosts/**", "package/**"],
  outputDir: "../test-results",
  globalSetup: "./support/global-setup.ts",
  // All tests work on one database.
  workers: 1,
  fullyParallel: false,
  forbidOnly: true,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: [["list"]],
  use: {
    ...devices["Desktop Chrome"],
    // Set by the global set-up, which chooses the port.
    baseURL: process.env.E2E_URL,
    launchOptions: LAUNCH,
    actionTimeout: 20_000,
    screenshot: "only-on-failure",
    // Without its film, which costs as much as the browser itself.
    trace: { mode: "retain-on-failure", screenshots: false },
  },
  projects: [
    { name: "sign in", testMatch: "sign-in.setup.ts" },
    { name: "panel", dependencies: ["sign in"] },
  ],
});
