import { chmod, chown, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { expect, test } from "vitest";
import manifest from "../../../package.json" with { type: "json" };
import { makeHost, PLAIN } from "../../testing/host-files.ts";
import { type Report, reportOn, reportText } from "./finding.ts";
import { checkHosting } from "./hosting.ts";
import { checkSpace, checkUploadFolder } from "./space.ts";
import { checkVersions, isInRange } from "./versions.ts";

test.for([
  ["15.0.0", ">=15", true],
  ["14.2.35", ">=15", false],
  ["16.0.0-canary.3", ">=15", true],
  ["6.16.0", ">=6.16 <8", true],
  ["6.15.9", ">=6.16 <8", false],
  ["8.0.0", ">= 6.16 < 8", false],
  ["7.10.2", ">=6.16 <8", true],
  ["4.24.15", "^4.24.11 || ^5.0.0-beta.19", true],
  ["5.0.0-beta.30", "^4.24.11 || ^5.0.0-beta.19", true],
  ["4.24.10", "^4.24.11 || ^5.0.0-beta.19", false],
  ["6.0.0", "^4.24.11 || ^5.0.0-beta.19", false],
] as const)("%s in %s: %s", ([version, range, expected]) => {
  expect(isInRange(version, range)).toBe(expected);
});

test("every range of package.json is understood, and no other", () => {
  const { engines, peerDependencies } = manifest;
  const ranges = [engines.node, ...Object.values(peerDependencies)];
  expect(ranges.map((range) => isInRange("0.0.1", range))).toEqual(ranges.map(() => false));
  for (const range of ["~1.2.3", "^0.3.0", "1.2", "*", ">1", "<=1", "^1 2"])
    expect(() => isInRange("1.2.3", range)).toThrow(RangeError);
});

async function findingsOf(check: (report: Report) => Promise<void>) {
  const report = reportOn("Server");
  await check(report);
  return report.findings;
}

const installed = (versions: Record<string, string>) =>
  makeHost(
    Object.fromEntries(
      Object.entries(versions).map(([name, version]) => [
        `node_modules/${name}/package.json`,
        JSON.stringify({ name, version }),
      ]),
    ),
  );
const GOOD = { next: "16.1.0", react: "19.2.0", "react-dom": "19.2.0", "@prisma/client": "7.1.0" };

test("versions that fit", async () => {
  const root = await installed(GOOD);
  const findings = await findingsOf((report) => checkVersions(report, root, "22.15.0"));
  expect(findings.map(({ level }) => level)).toEqual(findings.map(() => "ok"));
  expect(findings.map(({ what }) => what)).toEqual(
    expect.arrayContaining(["Node.js 22.15.0", "Next.js 16.1.0"]),
  );
});

test.for([
  ["an old Node.js", GOOD, "20.19.0", /Node\.js 20\.19\.0 is too old: >=22\.15/],
  ["an old Next.js", { ...GOOD, next: "14.2.0" }, "24.0.0", /Next\.js 14\.2\.0 is not supported/],
  [
    "a new Prisma",
    { ...GOOD, "@prisma/client": "8.0.0" },
    "24.0.0",
    /Prisma 8\.0\.0 is not supported/,
  ],
  [
    "an old next-auth",
    { ...GOOD, "next-auth": "3.0.0" },
    "24.0.0",
    /next-auth 3\.0\.0 is not supported/,
  ],
] as const)("%s", async ([, versions, node, text]) => {
  const root = await installed(versions);
  const findings = await findingsOf((report) => checkVersions(report, root, node));
  expect(findings.filter(({ level }) => level !== "ok")).toMatchObject([
    { level: "problem", what: expect.stringMatching(text), remedy: expect.any(String) },
  ]);
});

test("what is not installed", async () => {
  const root = await makeHost({});
  const findings = await findingsOf((report) => checkVersions(report, root, "24.0.0"));
  expect(findings.filter(({ level }) => level === "problem").length).toBe(4);
});

test.for([
  ["a host like any other", PLAIN, {}, "ok", "HOSTING"],
  [
    "a static export",
    { ...PLAIN, "next.config.mjs": `export default { output: "export" }` },
    {},
    "problem",
    "STATIC_EXPORT",
  ],
  [
    "the edge runtime",
    {
      ...PLAIN,
      "app/admin/backup/api/[...route]/route.ts": `export const runtime = "edge";\nexport const { GET } = backupAdmin.handlers;`,
    },
    {},
    "problem",
    "EDGE_RUNTIME",
  ],
  ["Cloudflare Workers", { ...PLAIN, "wrangler.toml": "" }, {}, "problem", "EDGE_RUNTIME"],
  ["a file of Vercel", { ...PLAIN, "vercel.json": "{}" }, {}, "warning", "SERVERLESS"],
  ["Vercel itself", PLAIN, { VERCEL: "1" }, "warning", "SERVERLESS"],
] as const)("hosting: %s", async ([, files, environment, level, code]) => {
  const root = await makeHost(files);
  const findings = await findingsOf((report) => checkHosting(report, root, environment));
  expect(findings).toMatchObject([{ level, code }]);
});

test("room for uploads", async () => {
  const folder = await makeHost({});
  const find = (directory: string, bytes: number | null) =>
    findingsOf((report) => checkSpace(report, directory, bytes));
  const levels = async (directory: string, bytes: number | null) =>
    (await find(directory, bytes))
      .filter(({ code }) => code !== "MAX_UPLOAD")
      .map(({ level }) => level);
  expect(await levels(`${folder}/not/there/yet`, 1000)).toContain("ok");
  expect(await levels(folder, null)).toContain("ok");
  expect(await levels(folder, 1e18)).toContain("warning");
  expect(await find(folder, 1e12)).toContainEqual(
    expect.objectContaining({ code: "MAX_UPLOAD", level: "warning" }),
  );
});

test.for<[name: string, make: (folder: string) => Promise<unknown>, said: RegExp, asRoot?: true]>([
  [
    "a link",
    (folder) => symlink("/tmp", folder),
    /is a link, of the user \d+ and with the mode 0777/,
  ],
  ["a file", (folder) => writeFile(folder, ""), /is a file/],
  [
    "a folder into which everybody may write",
    async (folder) => {
      await mkdir(folder);
      await chmod(folder, 0o777);
    },
    /has the mode 0777: everybody may have put something into it/,
  ],
  [
    "another user's folder",
    async (folder) => {
      await mkdir(folder, { mode: 0o700 });
      await chown(folder, 12345, 12345);
    },
    /belongs to another user: to 12345 with the mode 0700, and this command is the user 0/,
    true,
  ],
])("a folder for uploads that is %s", async ([, make, said, asRoot], { skip }) => {
  if (asRoot && process.getuid?.() !== 0) return skip();
  const folder = `${await makeHost({})}/uploads`;
  const find = () => findingsOf((report) => checkUploadFolder(report, folder));
  expect(await find()).toEqual([]);
  await make(folder);
  expect(await find()).toMatchObject([
    { code: "UPLOAD_DIR", level: "problem", what: expect.stringMatching(said) },
  ]);
  await rm(folder, { recursive: true });
  await mkdir(folder, { mode: 0o700 });
  expect(await find()).toMatchObject([{ code: "UPLOAD_DIR", level: "ok" }]);
});

test("the report is aligned, counts, and needs no colour", () => {
  const { findings, ok, note, warning, problem } = reportOn("Database");
  ok("A", "All is well.");
  note("B", "So it is.", "Nothing needs to be done.");
  warning(
    "C",
    "Some are left out.",
    "Do this.",
    Array.from({ length: 12 }, (_, index) => `number ${index}`),
  );
  expect(reportText(findings)).toMatch(
    /\nNo problem, 1 warning \(!\): backups and restores should work/,
  );
  problem("D", "It would fail.", "Do that.");
  expect(reportText(findings)).toBe(`Database
  ✓ All is well.
  · So it is.
    → Nothing needs to be done.
  ! Some are left out.
${Array.from({ length: 10 }, (_, index) => `      number ${index}\n`).join("")}      and 2 more
    → Do this.
  ✗ It would fail.
    → Do that.

1 problem (✗), 1 warning (!): a backup or a restore would fail.
`);
});
