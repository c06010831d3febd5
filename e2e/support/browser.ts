import type { LaunchOptions } from "@playwright/test";
import { findBrowser } from "../../scripts/browser.ts";

/** Root cannot use Chromium's sandbox. The other options turn off what a test does not need. */
export const LAUNCH: LaunchOptions = {
  executablePath: findBrowser(),
  args: [
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
  ],
};
