/**
 * `npm test`: each check, with as much of it as the quick scope has (lib/testing/scope.ts). `npm run test:all`: all of
 * each. `npm test -- lint types` runs these two, `npm test -- unit lib/plan` one with arguments for its runner: what is
 * named is whole.
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
 * @returns the exit code. `reportFile` is where a test runner leaves its JSON report, and `onOutput` takes what it says,
 * where that is not to be shown at once.
 */
type Check = (args: string[], reportFile: string, options: RunOptions) => Promise<number>;

// Each of the many short processes that tests start would compile the same sources again.
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

/**
 * Runs beside others, since npm fetches packages for a good part of it; but not beside those that wait for servers and
 * browsers.
 */
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

/** A line for each check, and what it said where it failed. In CI all that it said, as nobody is there to ask again. */
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
      // Both need it, and it is not to be built twice at once. Where it cannot be built, they say so.
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
  // A check without tests, or a runner that broke down beside its tests, counts as one.
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
