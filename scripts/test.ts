/**
 * `npm test`: every check, in order. `npm test -- unit lib/plan` runs one, with arguments for its
 * runner; `npm test -- lint types` runs two.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureBrowser } from "./browser.ts";
import { buildApp, generatePrismaClient } from "./prepare.ts";
import { programOf, ROOT, runNode } from "./run.ts";
import { countTests, type TestCounts } from "./test-report.ts";

/** @returns the exit code. `reportFile` is where a test runner leaves its JSON report. */
type Check = (args: string[], reportFile: string) => Promise<number>;

// Each of the many short processes that tests start would compile the same sources again.
process.env.NODE_COMPILE_CACHE ??= path.join(ROOT, "node_modules/.cache/compiled");

const reports = await mkdtemp(path.join(tmpdir(), "test-reports-"));

const CHECKS: Record<string, Check> = {
  lint: (args) => runNode([programOf("@biomejs/biome", "biome"), "check", ".", ...args]),
  types: async (args) =>
    (await runNode([programOf("next"), "typegen"], { quiet: true })) ||
    runNode([programOf("typescript", "tsc"), "--noEmit", ...args]),
  knip: (args) => runNode([programOf("knip"), ...args]),
  unit: vitest("unit"),
  integration: vitest("integration"),
  package: vitest("package"),
  build: async () => {
    await buildApp();
    return 0;
  },
  e2e: async (args, reportFile) => {
    await buildApp();
    return playwright("e2e")(args, reportFile);
  },
  hosts: playwright("e2e/hosts"),
};

const given = process.argv.slice(2);
const firstArgument = given.findIndex((name) => !Object.hasOwn(CHECKS, name));
const named = firstArgument === -1 ? given : given.slice(0, firstArgument);
const runnerArgs = firstArgument === -1 ? [] : given.slice(firstArgument);
if (named.length === 0 && runnerArgs.length > 0) {
  console.error(`usage: npm test -- [${Object.keys(CHECKS).join("|")}]… [argument of the runner]…`);
  process.exit(2);
}

const total: TestCounts = { passed: 0, failed: 0, skipped: 0 };
const summary: string[] = [];
try {
  await generatePrismaClient();
  for (const name of named.length > 0 ? named : Object.keys(CHECKS)) await run(name);
} finally {
  await rm(reports, { recursive: true, force: true });
}
console.log(`\n${summary.join("\n")}`);
if (total.skipped > 0) console.log(`\n${total.skipped} skipped`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

async function run(name: string): Promise<void> {
  console.log(`\n── ${name} ──`);
  const startMs = performance.now();
  const reportFile = path.join(reports, `${name}.json`);
  const code = await CHECKS[name]?.(runnerArgs, reportFile).catch((error: Error) => {
    console.error(error.message);
    return 1;
  });
  const counts = await readFile(reportFile, "utf8").then(countTests, () => null);
  const passed = code === 0 && !(counts === null && isTestRunner(name));
  total.passed += counts?.passed ?? 0;
  total.skipped += counts?.skipped ?? 0;
  // A check without tests, or a runner that broke down beside its tests, counts as one.
  total.failed += counts?.failed || (passed ? 0 : 1);

  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const tests = counts ? `, ${counts.passed} passed, ${counts.failed} failed` : "";
  summary.push(`  ${passed ? "✓" : "✗"} ${name} (${seconds} s${tests})`);
}

function isTestRunner(name: string): boolean {
  return ["unit", "integration", "package", "e2e", "hosts"].includes(name);
}

function vitest(project: string): Check {
  return (args, reportFile) =>
    runNode([
      ...[programOf("vitest"), "run", "--config", ".config/vitest.ts", "--root", "."],
      ...["--project", project],
      ...["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`],
      ...args,
    ]);
}

/** @param folder of the specs and their configuration */
function playwright(folder: string): Check {
  return async (args, reportFile) => {
    await ensureBrowser();
    return runNode(
      [
        programOf("@playwright/test", "playwright"),
        ...["test", "--config", `${folder}/playwright.config.ts`, "--reporter=list,json"],
        ...args,
      ],
      { env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile } },
    );
  };
}
