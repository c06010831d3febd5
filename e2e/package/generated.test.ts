/** What `init` writes compiles in strict apps and in others. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, inject, test } from "vitest";
import { planInit } from "../../lib/cli/init/plan.ts";
import { configFile } from "../../lib/cli/init/templates.ts";
import { programOf } from "../../scripts/run.ts";

// Below the project, so that its packages can be imported.
const root = path.join(inject("project"), "generated");

const HOST: Record<string, string> = {
  "package.json": `{ "dependencies": { "next": ">=15", "next-auth": "^4.24.11", "prisma-backup-admin": "*" } }`,
  "tsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }`,
  "prisma/schema.prisma": `datasource db {
  provider = "postgresql"
}
enum Role {
  READER
  ADMIN
}
model User {
  id    Int    @id
  email String @unique
  role  Role
}
`,
  "app/(site)/layout.tsx": "",
  // The types that Prisma generates for one model.
  "lib/prisma.ts": `
    export class PrismaClient {
      declare user: {
        findUnique<T extends { role: true }>(args: { where: { email: string }; select: T }): Promise<{ role: "READER" | "ADMIN" } | null>;
        findMany(): Promise<object[]>;
      };
    }
    export const prisma = new PrismaClient();
  `,
  "lib/users.ts": `
    import { getServerSession } from "next-auth";
    import { authOptions } from "./auth";
    import { prisma } from "./prisma";
    export const session = () => getServerSession(authOptions);
    export const users = () => prisma.user.findMany();
  `,
  "lib/auth.ts": `
    import type { NextAuthOptions } from "next-auth";
    export const authOptions: NextAuthOptions = { providers: [] };
  `,
  "css.d.ts": `declare module "*.css";`,
};

const NOTHING_FOUND = { client: null, signIn: null, role: null, basePath: null, signInPath: null };

const COMMON = {
  target: "ES2017",
  lib: ["dom", "dom.iterable", "esnext"],
  module: "esnext",
  moduleResolution: "bundler",
  esModuleInterop: true,
  isolatedModules: true,
  jsx: "preserve",
  types: ["node"],
  noEmit: true,
  skipLibCheck: false,
};

/** The types of these packages contain errors. */
const NOT_OURS = /node_modules\/(next|next-auth|@types|openid-client|jose|preact)\//;

async function write(files: Record<string, string>) {
  for (const [name, text] of Object.entries(files)) {
    await mkdir(path.dirname(path.join(root, name)), { recursive: true });
    await writeFile(path.join(root, name), text);
  }
}

beforeAll(async () => {
  await write(HOST);
  const { files } = await planInit(root, "/admin/backup");
  await write(Object.fromEntries(files.map(({ name, text }) => [name, text])));
  const unfinished = configFile({ ...NOTHING_FOUND, folder: path.join(root, "app/unfinished") });
  await write({ "app/unfinished/backup-admin.ts": unfinished });
  // Every part is written, also the rule that queries the database and a root layout.
  expect(files.map(({ name }) => path.basename(name))).toContain("layout.tsx");
  expect(files[0]?.text).toContain("prisma.user.findUnique");
});

test.for<[name: string, compilerOptions: object]>([
  ["strict: false", { strict: false }],
  ["strict without strictNullChecks", { strict: true, strictNullChecks: false }],
  [
    "the strictest",
    {
      strict: true,
      exactOptionalPropertyTypes: true,
      noUncheckedIndexedAccess: true,
      noImplicitOverride: true,
      noImplicitReturns: true,
      noUnusedLocals: true,
      noUnusedParameters: true,
      verbatimModuleSyntax: true,
    },
  ],
])("%s", async ([name, compilerOptions]) => {
  // A client that has to be filled in is the only error.
  expect(await typeErrors(name, compilerOptions)).toEqual([
    expect.stringMatching(
      /unfinished\/backup-admin\.ts.*Type 'string' is not assignable to type 'object'/,
    ),
  ]);
});

async function typeErrors(name: string, options: object): Promise<string[]> {
  const file = path.join(root, `tsconfig.${name.replaceAll(/\W+/g, "-")}.json`);
  const compilerOptions = { ...COMMON, ...options, paths: { "@/*": ["./*"] } };
  await writeFile(file, JSON.stringify({ compilerOptions, include: ["**/*.ts", "**/*.tsx"] }));
  const args = [programOf("typescript", "tsc"), "--project", file, "--pretty", "false"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root }).catch(
    (error: { stdout: string }) => error,
  );
  const errors = stdout.split("\n").filter((line) => /error TS\d+/.test(line));
  return errors.filter((line) => !NOT_OURS.test(line));
}
