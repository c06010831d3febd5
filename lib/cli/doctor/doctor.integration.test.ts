import { execFile } from "node:child_process";
import { chmod, mkdir, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { defaultUploadDir } from "../../config.ts";
import { openDatabase } from "../../postgres/connection/connection.ts";
import { createTestDatabase } from "../../testing/database.ts";
import { makeHost, PLAIN, SCHEMA } from "../../testing/host-files.ts";
import { COOKIE, startApp } from "../../testing/test-app.ts";

const REPOSITORY = fileURLToPath(new URL("../../..", import.meta.url));
const MAIN = path.join(REPOSITORY, "lib/cli/main.ts");

function doctor(cwd: string, ...args: string[]) {
  // Only the host's own files set the connection.
  const { DATABASE_URL: _, DIRECT_URL: __, ...rest } = process.env;
  const env = { ...rest, NODE_ENV: "development" } as const;
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const child = execFile(
      process.execPath,
      [MAIN, "doctor", ...args],
      { cwd, env },
      (_, stdout, stderr) => resolve({ code: child.exitCode ?? -1, stdout, stderr }),
    );
  });
}

const installed = Object.fromEntries(
  ["next", "react", "react-dom", "@prisma/client"].map((name) => [
    `node_modules/${name}`,
    `-> ${path.join(REPOSITORY, "node_modules", name)}`,
  ]),
);

test("the whole command: an app that is well, and one that is not", async () => {
  await using db = await createTestDatabase({
    sql: `CREATE TABLE "User" (id int PRIMARY KEY, email text NOT NULL UNIQUE)`,
  });
  const url = new URL(db.url);
  const root = await makeHost({
    ...PLAIN,
    ...installed,
    "prisma/schema.prisma": SCHEMA,
    // Next reads .env.local first and expands variables in values.
    ".env": `DATABASE_URL=postgresql://nobody:the-password@127.0.0.1:1/none\n`,
    ".env.local": `PASSWORD=${url.password}\nDATABASE_URL="${url.href.replace(`:${url.password}@`, ":$PASSWORD@")}"\n`,
  });
  const app = await startApp({ url: db.url });
  const cookieFile = path.join(root, "cookie");
  await writeFile(cookieFile, `Cookie: ${COOKIE}\n`);

  const well = await doctor(root, "--app", app, "--cookie-file", cookieFile);
  expect(well).toMatchObject({ code: 0, stderr: "" });
  expect(well.stdout).toContain("(from DATABASE_URL)");
  expect(well.stdout).toMatch(/\n {2}✓ schema\.prisma \(1 model\) and the database agree\.\n/);
  expect(well.stdout).toMatch(/\n {2}✓ The app refuses requests without a session/);
  expect(well.stdout).toMatch(/\n {2}✓ So did 12\.6 MB in one piece\.\n/);

  await db.query(`DROP TABLE "User"`);
  const ill = await doctor(root, "--json");
  expect(ill).toMatchObject({ code: 1, stderr: "" });
  const { wouldFail, findings } = JSON.parse(ill.stdout);
  expect(wouldFail).toBe(true);
  expect(findings).toContainEqual({
    area: "Database",
    level: "problem",
    code: "NO_TABLES",
    what: "The database has no tables: there is nothing to back up.",
    remedy: "Apply your migrations first: npx prisma migrate deploy",
  });

  const unreachable = await doctor(root, "--url", "postgresql://app:the-password@127.0.0.1:1/none");
  expect(unreachable).toMatchObject({
    code: 1,
    stdout: expect.stringContaining("cannot be reached"),
  });
  for (const { stdout, stderr } of [well, ill, unreachable]) {
    expect(stdout + stderr).not.toContain("the-password");
    expect(stdout + stderr).not.toContain(`:${url.password}@`);
  }
  expect(await doctor(root, "--nope")).toMatchObject({ code: 2 });
});

test("a folder that somebody else may have prepared where uploads will rest", async () => {
  await using db = await createTestDatabase({ sql: "SELECT 1" });
  // The default also depends on the app's folder, which is this process's here.
  const database = openDatabase({ connectionString: db.url });
  const folder = defaultUploadDir(database);
  await database.close();
  await mkdir(folder);
  try {
    await chmod(folder, 0o777);
    const found = await doctor(process.cwd(), "--url", db.url);
    expect(found).toMatchObject({ code: 1, stderr: "" });
    expect(found.stdout).toMatch(/\n {2}✗ The folder for uploads, .* has the mode 0777: everybody/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
