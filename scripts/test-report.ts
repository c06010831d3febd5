import { z } from "zod";

/** How many tests passed, failed, or were not run. */
export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

const vitestReport = z
  .object({
    numPassedTests: z.number(),
    numFailedTests: z.number(),
    numPendingTests: z.number(),
    numTodoTests: z.number(),
  })
  .transform(
    (report): TestCounts => ({
      passed: report.numPassedTests,
      failed: report.numFailedTests,
      skipped: report.numPendingTests + report.numTodoTests,
    }),
  );

const playwrightReport = z
  .object({
    stats: z.object({
      expected: z.number(),
      unexpected: z.number(),
      flaky: z.number(),
      skipped: z.number(),
    }),
  })
  .transform(
    ({ stats }): TestCounts => ({
      passed: stats.expected + stats.flaky,
      failed: stats.unexpected,
      skipped: stats.skipped,
    }),
  );

const report = z.union([vitestReport, playwrightReport]);

/**
 * Reads the JSON report of Vitest or Playwright.
 *
 * @throws if it is neither
 */
export function countTests(json: string): TestCounts {
  return report.parse(JSON.parse(json));
}
