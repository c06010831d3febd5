import { expect, it } from "vitest";
import { countTests } from "./test-report.ts";

it("reads Vitest's report", () => {
  const report = {
    numTotalTests: 10,
    numPassedTests: 6,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    success: false,
  };
  expect(countTests(JSON.stringify(report))).toEqual({ passed: 6, failed: 1, skipped: 3 });
});

it("reads Playwright's report", () => {
  const stats = { startTime: "…", duration: 1, expected: 5, skipped: 1, unexpected: 2, flaky: 1 };
  expect(countTests(JSON.stringify({ config: {}, suites: [], errors: [], stats }))).toEqual({
    passed: 6,
    failed: 2,
    skipped: 1,
  });
});

it.each(["", "{}", "[]", '{"numPassedTests":"6"}'])("takes %j for no report", (json) => {
  expect(() => countTests(json)).toThrow();
});
