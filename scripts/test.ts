/**
 * `npm test` runs each check with the quick scope (lib/testing/scope.ts). `npm run test:all` runs all of each check.
 * `npm test -- lint types` runs these two. `npm test -- unit lib/plan` runs one, with arguments for its runner. Checks
 * that are named run in full.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ensureBrowser } from "./browser.ts";
import { buildPackage } from "./build-package.ts";
import { buildApp, generatePrismaClient } from "./prepare.ts";
import { programOf, ROOT, type RunOptions, runNode } from "./run.ts";
import { countTests, type TestCounts } from "./test-report.ts";

/**
 * @param reportFile the file into which a test runner writes its JSON report
 * @param options its `onOutput` receives the output if it should not be shown at once
 * @returns the exit code
 */
type Check = (args: string[], reportFile: string, options: RunOptions) => Promise<number>;

// Otherwise each of the many short processes that tests start would compile the same sources again.
process.env.NODE_COMPILE_CACHE ??= path.join(ROOT, "node_modules/.cache/compiled");

const reports = await mkdtemp(path.join(tmpdir(), "test-reports-"));

const CHECKS: Record<string, Check> = {
  lint: (args, _, options) =>
    runNode([programOf("@biomejs/biome", "biome"), "check", ".", ...args], options),
  types: async (args, _, options) =>
    (await runNode([programOf("next"), "typegen"], { quiet: true })) ||
    runNode([programOf("typescript", "tsc"), "--noEmit", ...args], options),
  knip: (args, _, options) => runNode([programOf("knip"), ...args], options),
  unit: vitest("unit"),
  package: vitest("package"),
  build: async () => {
    await buildApp();
    return 0;
  },
  integration: vitest("integration"),
  e2e: async (args, reportFile, options) => {
    await buildApp();
    return playwright("e2e")(args, reportFile, options);
  },
  hosts: playwright("e2e/hosts"),
};

/** Runs beside other checks, because npm spends much of it fetching, but not beside those with servers and browsers. */
const BESIDE = { check: "hosts", first: "unit", last: "build" };

const isAll = process.argv[2] === "--all";
const given = process.argv.slice(isAll ? 3 : 2);
const firstArgument = given.findIndex((name) => !Object.hasOwn(CHECKS, name));
const named = firstArgument === -1 ? given : given.slice(0, firstArgument);
const runnerArgs = firstArgument === -1 ? [] : given.slice(firstArgument);
if (named.length === 0 && runnerArgs.length > 0) {
  console.error(`usage: npm test -- [${Object.keys(CHECKS).join("|")}]… [argument of the runner]…`);
  process.exit(2);
}
process.env.TEST_SCOPE ??= isAll || named.length > 0 ? "all" : "quick";

const total: TestCounts = { passed: 0, failed: 0, skipped: 0 };
const summary: string[] = [];
try {
  await generatePrismaClient();
  if (named.length > 0) for (const name of named) await run(name);
  else await runAll();
} finally {
  await rm(reports, { recursive: true, force: true });
}
console.log(`\n${summary.join("\n")}`);
if (total.skipped > 0) console.log(`\n${total.skipped} skipped`);
console.log(`\n${total.passed} passed, ${total.failed} failed`);
process.exitCode = total.failed > 0 ? 1 : 0;

/** Prints a line for each check, and its output if it failed, or in CI, where no one can ask for it later. */
async function runAll(): Promise<void> {
  const names = Object.keys(CHECKS);
  const runQuietly = async (name: string) => {
    const place = `[${names.indexOf(name) + 1}/${names.length}]`;
    console.log(`${place} ${name} …`);
    const output: Buffer[] = [];
    const { passed, line } = await run(name, { onOutput: (chunk) => output.push(chunk) });
    if (!passed || process.env.CI) process.stdout.write(Buffer.concat(output));
    console.log(`${place} ${line}`);
  };
  const { check, first, last } = BESIDE;
  let beside: Promise<void> | undefined;
  for (const name of names) {
    if (name === check) continue;
    if (name === first) {
      // Both checks need the package, and it must not be built twice at once. If it cannot be built, they report that.
      await buildPackage().catch(() => {});
      beside = runQuietly(check);
    }
    await runQuietly(name);
    if (name === last) await beside;
  }
}

async function run(
  name: string,
  options: RunOptions = {},
): Promise<{ passed: boolean; line: string }> {
  const { onOutput = (chunk: Buffer) => process.stdout.write(chunk) } = options;
  onOutput(Buffer.from(`\n── ${name} ──\n`));
  const startMs = performance.now();
  const reportFile = path.join(reports, `${name}.json`);
  const code = await CHECKS[name]?.(runnerArgs, reportFile, options).catch((error: Error) => {
    onOutput(Buffer.from(`${error.message}\n`));
    return 1;
  });
  const counts = await readFile(reportFile, "utf8").then(countTests, () => null);
  const passed = code === 0 && !(counts === null && isTestRunner(name));
  total.passed += counts?.passed ?? 0;
  total.skipped += counts?.skipped ?? 0;
  // A check without tests counts as one, and so does a runner that failed apart from its tests.
  total.failed += counts?.failed || (passed ? 0 : 1);

  const seconds = ((performance.now() - startMs) / 1000).toFixed(1);
  const tests = counts ? `, ${counts.passed} passed, ${counts.failed} failed` : "";
  const line = `${passed ? "✓" : "✗"} ${name} (${seconds} s${tests})`;
  summary.push(`  ${line}`);
  return { passed, line };
}

function isTestRunner(name: string): boolean {
  return ["unit", "integration", "package", "e2e", "hosts"].includes(name);
}

function vitest(project: string): Check {
  return (args, reportFile, options) =>
    runNode(
      [
        ...[programOf("vitest"), "run", "--config", ".config/vitest.ts", "--root", "."],
        ...["--project", project],
        ...["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`],
        ...args,
      ],
      options,
    );
}

/** @param folder of the specs and their configuration */
function playwright(folder: string): Check {
  return async (args, reportFile, options) => {
    await ensureBrowser();
    return runNode(
      [
        programOf("@playwright/test", "playwright"),
        ...["test", "--config", `${folder}/playwright.config.ts`, "--reporter=list,json"],
        ...args,
      ],
      { ...options, env: { PLAYWRIGHT_JSON_OUTPUT_FILE: reportFile } },
    );
  };
}
