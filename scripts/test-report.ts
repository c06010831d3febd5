import { z } from "zod";

export interface TestCounts {
  passed: number;
  failed: number;
  skipped: number;
}

const count = z.number();
const vitestReport = z.object({
  ...{ numPassedTests: count, numFailedTests: count, numPendingTests: count, numTodoTests: count },
});
const playwrightReport = z.object({
  stats: z.object({ expected: count, unexpected: count, flaky: count, skipped: count }),
});

/** Reads the JSON report of Vitest or Playwright. @throws if it is neither */
export function countTests(json: string): TestCounts {
  const report = z.union([vitestReport, playwrightReport]).parse(JSON.parse(json));
  if ("stats" in report) {
    const { expected, flaky, unexpected: failed, skipped } = report.stats;
    return { passed: expected + flaky, failed, skipped };
  }
  const { numPassedTests: passed, numFailedTests: failed, numPendingTests, numTodoTests } = report;
  return { passed, failed, skipped: numPendingTests + numTodoTests };
}
