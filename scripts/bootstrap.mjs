// Runs a command of this repository with the Node version that the repository needs: `node scripts/bootstrap.mjs demo`.
// Plain JavaScript without dependencies, because in a fresh checkout neither that Node nor any package is installed.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { constants } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "..");
const BIN = path.join(ROOT, "node_modules", ".bin");
const NODE = path.join(
  ROOT,
  "node_modules/node/bin",
  process.platform === "win32" ? "node.exe" : "node",
);
const COMMANDS = {
  demo: "scripts/demo.ts",
  test: "scripts/test.ts",
  "test:long": "scripts/test-long.ts",
  bench: "bench/main.ts",
  cli: "lib/cli/bin.ts",
  "build:package": "scripts/build-package.ts",
};

const [command = "", ...args] = process.argv.slice(2);
if (!Object.hasOwn(COMMANDS, command)) {
  console.error(`usage: node scripts/bootstrap.mjs ${Object.keys(COMMANDS).join("|")} [argument]…`);
  process.exit(2);
}
await install();
process.exitCode = await run(NODE, [path.join(ROOT, COMMANDS[command]), ...args], "inherit");

/** Installs the packages if the installed ones do not match the lock file. */
async function install() {
  if (!packagesFit()) {
    console.error("Installing the packages of package-lock.json …");
    await npm(["ci", "--no-audit", "--no-fund"]);
  }
  // If npm was configured to run no install scripts, that Node has not been unpacked yet.
  if (!existsSync(NODE)) await npm(["rebuild", "node", "--ignore-scripts=false"]);
  if (!existsSync(NODE)) {
    console.error(`Node was not installed to ${NODE}. Delete node_modules and try again.`);
    process.exit(1);
  }
}

/** Compares with npm's own record of what it installed. npm writes that record last. */
function packagesFit() {
  try {
    const { packages: wanted } = readJson("package-lock.json");
    const { packages: installed } = readJson("node_modules/.package-lock.json");
    return Object.entries(wanted).every(
      ([name, { version, integrity, optional, devOptional }]) =>
        name === "" ||
        (installed[name]?.version === version && installed[name]?.integrity === integrity) ||
        // Packages for other platforms are not installed.
        ((optional || devOptional) && !(name in installed)),
    );
  } catch {
    return false;
  }
}

function readJson(file) {
  return JSON.parse(readFileSync(path.join(ROOT, file), "utf8"));
}

async function npm(args) {
  const cli = process.env.npm_execpath;
  // npm's messages go to stderr, because stdout belongs to the command.
  const code = cli?.endsWith("npm-cli.js")
    ? await run(process.execPath, [cli, ...args], ["ignore", 2, 2])
    : await run("npm", args, ["ignore", 2, 2]);
  if (code !== 0) process.exit(code);
}

/** Runs a program until it exits, forwards our signals to it, and returns its exit code. */
function run(file, args, stdio) {
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      stdio,
      env: { ...process.env, PATH: `${BIN}${path.delimiter}${process.env.PATH ?? ""}` },
    });
    const forward = (signal) => {
      // Ctrl-C in a terminal already reaches the whole process group. A second signal would stop the child at once.
      if (signal !== "SIGINT" || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
    for (const signal of signals) process.on(signal, forward);
    child.on("error", reject);
    child.on("exit", (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
