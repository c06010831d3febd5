/** Workflows of GitHub that have rights on the repository or the package run only code that was reviewed. */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "./run.ts";

type Permissions = Record<string, string> | string | undefined;

interface Step {
  uses?: string;
  run?: string;
  env?: Record<string, string>;
}

interface Job {
  permissions?: Permissions;
  env?: Record<string, string>;
  uses?: string;
  steps?: Step[];
}

interface Workflow {
  permissions?: Permissions;
  jobs: Record<string, Job>;
}

interface Dependabot {
  version: number;
  updates: object[];
}

const FOLDER = path.join(ROOT, ".github/workflows");
const files = readdirSync(FOLDER).filter((name) => /\.ya?ml$/.test(name));
const jobs = files.flatMap((file) => {
  const workflow = parse(readFileSync(path.join(FOLDER, file), "utf8")) as Workflow;
  return Object.entries(workflow.jobs).map(([name, job]) => ({
    name: `${file}: ${name}`,
    job,
    permissions: job.permissions ?? workflow.permissions,
  }));
});

it.each(jobs)("$name pins every action by the digest of its commit", ({ job }) => {
  const used = [job, ...(job.steps ?? [])].flatMap(({ uses }) => uses ?? []);
  expect(used.length).toBeGreaterThan(0);
  for (const uses of used) expect(uses).toMatch(/^[\w./-]+@[0-9a-f]{40}$/);
});

it.each(files)("%s names the version of every action beside its digest", (file) => {
  const lines = readFileSync(path.join(FOLDER, file), "utf8").split("\n");
  const used = lines.filter((line) => /^\s*(?:- )?uses:/.test(line));
  expect(used.length).toBeGreaterThan(0);
  // The form that Dependabot reads and updates.
  for (const line of used) expect(line).toMatch(/@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
});

it("has pinned actions renewed every week", () => {
  const file = path.join(ROOT, ".github/dependabot.yml");
  const { version, updates } = parse(readFileSync(file, "utf8")) as Dependabot;
  expect(version).toBe(2);
  expect(updates).toContainEqual(
    expect.objectContaining({
      "package-ecosystem": "github-actions",
      directory: "/",
      schedule: { interval: "weekly" },
    }),
  );
});

it.each(jobs)("$name says which rights it has, and has no others", ({ permissions }) => {
  // A single word would grant every right. Without the key, the repository's settings would apply.
  expect(permissions).toBeTypeOf("object");
});

it("runs no install script where an id token is at hand", () => {
  const publishing = jobs.filter(
    ({ permissions }) => typeof permissions === "object" && permissions["id-token"] === "write",
  );
  expect(publishing.map(({ name }) => name)).toEqual(["release.yml: release"]);
  for (const { job } of publishing) {
    expect(job.env?.NPM_CONFIG_IGNORE_SCRIPTS).toBe("true");
    for (const { run = "", env = {} } of job.steps ?? []) {
      expect(Object.keys(env).filter((key) => /ignore_scripts/i.test(key))).toEqual([]);
      // The first pattern allows install scripts. The other commands install packages themselves.
      expect(run).not.toMatch(/ignore-scripts=false|npm rebuild|bootstrap|npm (test|run build)/);
      for (const [, version] of run.matchAll(/npm install --global \w+@(\S+)/g))
        expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    }
  }
});
