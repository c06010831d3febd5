import path from "node:path";
import { expect, test } from "vitest";
import {
  type Files,
  LAYOUT,
  makeHost,
  PLAIN,
  packageJson,
  SCHEMA,
  tsconfig,
} from "../host/testing.ts";
import { planInit } from "./plan.ts";

const CLIENT = PLAIN["lib/prisma.ts"] ?? "";
const without = (files: Files, ...names: string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
const moved = (files: Files, from: string, to: string): Files => ({
  ...without(files, from),
  [to]: files[from] ?? "",
});

const NEXT_AUTH = { "next-auth": "^4.24.0" };
const AUTH_JS = { "next-auth": "5.0.0-beta.30" };
const OPTIONS = `import type { NextAuthOptions } from "next-auth";\nexport const authOptions: NextAuthOptions = { providers: [] };\n`;
const AUTH = `import NextAuth from "next-auth";\nexport const { handlers, auth, signIn, signOut } = NextAuth({ providers: [] });\n`;
const ROLE_TYPES = `import "next-auth";\ndeclare module "next-auth" {\n  interface Session {\n    user: { id: string; role: "ADMIN" | "USER" };\n  }\n}\n`;
const T3_DB = `import { PrismaClient } from "../../generated/prisma";
const createPrismaClient = () => new PrismaClient();
const globalForPrisma = globalThis as unknown as { prisma: ReturnType<typeof createPrismaClient> | undefined };
export const db = globalForPrisma.prisma ?? createPrismaClient();
`;

interface Shape {
  files: Files;
  mount?: string;
  /** Of the app, in a monorepo. */
  root?: string;
  /** The folder that everything goes to. Default app/admin/backup. */
  folder?: string;
  /** Lines of backup-admin. */
  config?: string[];
  /** Files beside the usual three. */
  names?: string[];
  next?: RegExp;
}

const HOSTS: Record<string, Shape> = {
  "an alias @/*": { files: PLAIN, config: [`import { prisma } from "@/lib/prisma";`, "  prisma,"] },
  "no sign-in": {
    files: PLAIN,
    config: ["  authorize: async () => null,"],
    next: /Say who may, in app\/admin\/backup\/backup-admin.ts: until then, everybody is refused/,
  },
  "src/app": {
    files: {
      "package.json": packageJson(),
      "tsconfig.json": tsconfig({ "@/*": ["./src/*"] }),
      "prisma/schema.prisma": SCHEMA,
      "src/app/layout.tsx": LAYOUT,
      "src/lib/db.ts": CLIENT,
    },
    folder: "src/app/admin/backup",
    config: [`import { prisma } from "@/lib/db";`],
  },
  "app before src/app, as Next has it": {
    files: { ...PLAIN, "src/app/layout.tsx": LAYOUT },
  },
  "create-t3-app": {
    files: {
      "package.json": packageJson(AUTH_JS),
      "tsconfig.json": tsconfig({ "~/*": ["./src/*"] }),
      "prisma/schema.prisma": SCHEMA.replace("prisma-client", "prisma-client-js"),
      "src/app/layout.tsx": LAYOUT,
      "src/server/db.ts": T3_DB,
      "src/server/auth/config.ts": `import type { NextAuthConfig } from "next-auth";\nexport const authConfig = { providers: [] } satisfies NextAuthConfig;\n`,
      "src/server/auth/index.ts": `import NextAuth from "next-auth";
import { cache } from "react";
import { authConfig } from "./config";
const { auth: uncachedAuth, handlers, signIn, signOut } = NextAuth(authConfig);
const auth = cache(uncachedAuth);
export { auth, handlers, signIn, signOut };
`,
    },
    folder: "src/app/admin/backup",
    config: [
      `import { authJs } from "prisma-backup-admin/auth-js";`,
      `import { auth } from "~/server/auth";`,
      `import { db } from "~/server/db";`,
      "  prisma: db,",
      `  authorize: authJs(auth, (session) => admins.includes(session.user?.email?.toLowerCase() ?? "")),`,
    ],
    next: /set BACKUP_ADMINS/,
  },
  "create-t3-app with next-auth 4": {
    files: {
      "package.json": packageJson(NEXT_AUTH),
      "tsconfig.json": tsconfig({ "~/*": ["./src/*"] }),
      "prisma/schema.prisma": SCHEMA,
      "src/app/layout.tsx": LAYOUT,
      "src/server/db.ts": T3_DB,
      "src/server/auth.ts": `import { getServerSession, type NextAuthOptions } from "next-auth";\nexport const authOptions: NextAuthOptions = { providers: [] };\nexport const getServerAuthSession = () => getServerSession(authOptions);\n`,
    },
    folder: "src/app/admin/backup",
    config: [
      `import { nextAuth } from "prisma-backup-admin/next-auth";`,
      `import { authOptions } from "~/server/auth";`,
    ],
  },
  "no alias": {
    files: { ...PLAIN, "tsconfig.json": tsconfig() },
    config: [`import { prisma } from "../../../lib/prisma";`],
  },
  "several aliases, @/* first of all": {
    files: { ...PLAIN, "tsconfig.json": tsconfig({ "@lib/*": ["./lib/*"], "@/*": ["./*"] }) },
    config: [`import { prisma } from "@/lib/prisma";`],
  },
  "an alias for a folder only": {
    files: {
      ...PLAIN,
      "tsconfig.json": tsconfig({ "@components/*": ["./components/*"], "@lib/*": ["./lib/*"] }),
    },
    config: [`import { prisma } from "@lib/prisma";`],
  },
  "an alias with baseUrl": {
    files: {
      ...moved(PLAIN, "lib/prisma.ts", "src/lib/prisma.ts"),
      "tsconfig.json": `{ "compilerOptions": { "baseUrl": "./src", "paths": { "#/*": ["*"] } } }`,
    },
    config: [`import { prisma } from "#/lib/prisma";`],
  },
  "an alias that is inherited": {
    files: {
      ...PLAIN,
      "tsconfig.json": `{ "extends": "./config/tsconfig.base.json" }`,
      "config/tsconfig.base.json": `{ "compilerOptions": { "paths": { "@/*": ["../*"] } } }`,
    },
    config: [`import { prisma } from "@/lib/prisma";`],
  },
  "a default export": {
    files: {
      ...PLAIN,
      "lib/prisma.ts":
        "import { PrismaClient } from '@prisma/client'\nconst prisma = new PrismaClient()\nexport default prisma\n",
    },
    config: [`import prisma from "@/lib/prisma";`],
  },
  "an index file": {
    files: moved(PLAIN, "lib/prisma.ts", "lib/db/index.ts"),
    config: [`import { prisma } from "@/lib/db";`],
  },
  "a function that gives the client": {
    files: {
      ...PLAIN,
      "lib/prisma.ts": `import { PrismaClient } from "@prisma/client";\nimport { cache } from "react";\nexport const getDb = cache(() => new PrismaClient());\n`,
    },
    config: [`import { getDb } from "@/lib/prisma";`, "  prisma: getDb(),"],
  },
  JavaScript: {
    files: {
      "package.json": packageJson(NEXT_AUTH),
      "jsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }`,
      "prisma/schema.prisma": SCHEMA,
      "app/layout.js": LAYOUT,
      "lib/prisma.js": `import { PrismaClient } from "@prisma/client";\nconst prisma = globalThis.prisma || new PrismaClient();\nexport default prisma;\n`,
      "lib/auth.js": "export const authOptions = { providers: [] };\n",
    },
    names: ["backup-admin.js", "[[...view]]/page.js", "api/[...route]/route.js"],
    config: [`import { authOptions } from "@/lib/auth";`, `import prisma from "@/lib/prisma";`],
  },
  "JavaScript without jsconfig.json": {
    files: {
      "package.json": packageJson(),
      "prisma/schema.prisma": SCHEMA,
      "app/layout.jsx": LAYOUT,
      "lib/prisma.mjs": `import { PrismaClient } from "@prisma/client";\nexport const prisma = new PrismaClient();\n`,
    },
    names: ["backup-admin.js", "[[...view]]/page.js", "api/[...route]/route.js"],
    config: [`import { prisma } from "../../../lib/prisma.mjs";`],
  },
  "next-auth 4 in lib/auth.ts": {
    files: { ...PLAIN, "package.json": packageJson(NEXT_AUTH), "lib/auth.ts": OPTIONS },
    config: [`import { authOptions } from "@/lib/auth";`],
  },
  "next-auth 4, options beside its route": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "app/api/auth/[...nextauth]/options.ts": OPTIONS.replaceAll("authOptions", "options"),
      "app/api/auth/[...nextauth]/route.ts": `import NextAuth from "next-auth";\nimport { options } from "./options";\nconst handler = NextAuth(options);\nexport { handler as GET, handler as POST };\n`,
    },
    config: [`import { options } from "@/app/api/auth/[...nextauth]/options";`],
  },
  "next-auth 4, options in its route": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "app/api/auth/[...nextauth]/route.ts": `import NextAuth from "next-auth";\nexport const authOptions = { providers: [] };\nconst handler = NextAuth(authOptions);\nexport { handler as GET, handler as POST };\n`,
    },
    config: [`import { authOptions } from "@/app/api/auth/[...nextauth]/route";`],
  },
  "next-auth 4 in pages/api": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "pages/api/auth/[...nextauth].ts": `import NextAuth, { type AuthOptions } from "next-auth";\nexport const authOptions: AuthOptions = {\n  providers: [],\n};\nexport default NextAuth(authOptions);\n`,
    },
    config: [`import { authOptions } from "@/pages/api/auth/[...nextauth]";`],
  },
  "next-auth 4, satisfies and as default": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "auth.ts": `import type { NextAuthOptions } from "next-auth";\nconst config = {\n  providers: [],\n} satisfies NextAuthOptions;\nexport default config;\n`,
    },
    config: [`import authOptions from "@/auth";`],
  },
  "next-auth 4, options that nobody exports": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "app/api/auth/[...nextauth]/route.ts": `import NextAuth from "next-auth";\nconst handler = NextAuth({ providers: [] });\nexport { handler as GET, handler as POST };\n`,
    },
    config: ["  authorize: async () => null,"],
  },
  "Auth.js 5 in the root": {
    files: { ...PLAIN, "package.json": packageJson(AUTH_JS), "auth.ts": AUTH },
    config: [
      `import { authJs } from "prisma-backup-admin/auth-js";`,
      `import { auth } from "@/auth";`,
    ],
  },
  "Auth.js 5 in src, with a split for the proxy": {
    files: {
      ...without(PLAIN, "app/layout.tsx"),
      "package.json": packageJson(AUTH_JS),
      "tsconfig.json": tsconfig({ "@/*": ["./src/*"] }),
      "src/app/layout.tsx": LAYOUT,
      "src/lib/prisma.ts": CLIENT,
      "src/auth.config.ts": `import type { NextAuthConfig } from "next-auth";\nexport default { providers: [] } satisfies NextAuthConfig;\n`,
      "src/auth.ts": `import NextAuth from "next-auth";\nimport authConfig from "./auth.config";\nexport const {\n  handlers: { GET, POST },\n  auth,\n} = NextAuth({ ...authConfig });\n`,
      "src/middleware.ts": `import NextAuth from "next-auth";\nimport authConfig from "./auth.config";\nexport const { auth } = NextAuth(authConfig);\n`,
    },
    folder: "src/app/admin/backup",
    config: [`import { auth } from "@/auth";`],
    next: /src\/middleware\.ts lets \/admin\/backup and all below it through/,
  },
  "another sign-in": {
    files: { ...PLAIN, "package.json": packageJson({ "@clerk/nextjs": "^6.0.0" }) },
    config: ["  authorize: async () => null,"],
  },
  "a role in the session's type": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "lib/auth.ts": OPTIONS,
      "types/next-auth.d.ts": ROLE_TYPES,
    },
    config: [`  authorize: nextAuth(authOptions, (session) => session.user?.role === "ADMIN"),`],
  },
  "a role that a callback sets": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "lib/auth.ts": `${OPTIONS}export function session({ session, token }) { session.user.role = token.role; return session; }\n`,
      "app/page.tsx": `export default ({ user }) => user.role === "admin" ? "Hello, admin" : null;`,
    },
    config: [`  authorize: nextAuth(authOptions, (session) => session.user?.role === "admin"),`],
  },
  "a role of Prisma's enum that the session has": {
    files: {
      ...PLAIN,
      "package.json": packageJson(AUTH_JS),
      "prisma/schema.prisma": `${SCHEMA}\nenum UserRole {\n  USER\n  ADMIN\n}\n`,
      "auth.ts": AUTH,
      "types/next-auth.d.ts": `import type { UserRole } from "@prisma/client";\ndeclare module "next-auth" {\n  interface Session { user: { role: UserRole } & DefaultSession["user"] }\n}\n`,
    },
    config: [`  authorize: authJs(auth, (session) => session.user?.role === "ADMIN"),`],
  },
  "a role in the database that the session does not have": {
    files: {
      ...PLAIN,
      "package.json": packageJson(NEXT_AUTH),
      "prisma/schema.prisma": `${SCHEMA}\nenum Role {\n  USER\n  ADMIN\n}\n`,
      "lib/auth.ts": OPTIONS,
    },
    config: [`const admins = (process.env.BACKUP_ADMINS ?? "")`],
  },
  "a route group with an admin folder": {
    files: {
      ...PLAIN,
      "app/(back)/admin/layout.tsx": "export default ({ children }) => children;",
      "app/(back)/admin/page.tsx": "",
    },
    folder: "app/(back)/admin/backup",
  },
  "route groups with a layout each": {
    files: {
      ...moved(PLAIN, "app/layout.tsx", "app/(site)/layout.tsx"),
      "app/(dashboard)/layout.tsx": LAYOUT,
    },
    folder: "app/(dashboard)/admin/backup",
  },
  "a folder per language": {
    files: moved(PLAIN, "app/layout.tsx", "app/[locale]/layout.tsx"),
    names: ["backup-admin.ts", "[[...view]]/page.tsx", "api/[...route]/route.ts", "layout.tsx"],
  },
  "another mount": {
    files: PLAIN,
    mount: "/internal/db",
    folder: "app/internal/db",
    config: [`  basePath: "/internal/db",`],
    next: /open \/internal\/db/,
  },
  "Next's basePath": {
    files: {
      ...PLAIN,
      "next.config.ts": `const config = { basePath: "/internal", output: "standalone" };\nexport default config;`,
    },
    next: /--app http:\/\/localhost:3000\/internal\/admin\/backup/,
  },
  "a Next basePath that the text does not tell": {
    files: { ...PLAIN, "next.config.mjs": "export default { basePath: process.env.BASE_PATH };" },
    next: /open <your basePath>\/admin\/backup/,
  },
  "proxy.ts": {
    files: { ...PLAIN, "proxy.ts": "export function proxy() {}" },
    next: /proxy\.ts lets/,
  },
  "a static export": {
    files: { ...PLAIN, "next.config.js": `module.exports = { output: "export" }` },
    next: /Remove output: "export"/,
  },
  pnpm: { files: { ...PLAIN, "pnpm-lock.yaml": "" }, next: /pnpm add prisma-backup-admin/ },
  "a monorepo with packages/db": {
    root: "apps/web",
    files: {
      "apps/web/tsconfig.json": tsconfig({ "@/*": ["./*"] }),
      "apps/web/app/layout.tsx": LAYOUT,
      "apps/web/package.json": JSON.stringify({
        dependencies: { next: "16.0.0", "@acme/db": "workspace:*" },
      }),
      "node_modules/@acme/db": "-> ../../packages/db",
      "packages/db/package.json": `{ "name": "@acme/db", "exports": { ".": { "types": "./dist/index.d.ts", "default": "./src/index.ts" } } }`,
      "packages/db/src/index.ts": `export * from "../generated/client";\nexport { prisma } from "./client.js";\n`,
      "packages/db/src/client.ts": CLIENT,
    },
    config: [`import { prisma } from "@acme/db";`],
  },
  "a monorepo with an entry for the client": {
    root: "apps/web",
    files: {
      "apps/web/tsconfig.json": tsconfig({ "@/*": ["./*"] }),
      "apps/web/app/layout.tsx": LAYOUT,
      "apps/web/package.json": JSON.stringify({
        dependencies: { next: "16.0.0", "@acme/db": "workspace:*" },
      }),
      "node_modules/@acme/db": "-> ../../packages/db",
      "packages/db/package.json": `{ "name": "@acme/db", "exports": { ".": "./src/index.ts", "./client": "./src/client.ts" } }`,
      "packages/db/src/index.ts": "export type Id = string;\n",
      "packages/db/src/client.ts": `import { PrismaClient } from "../generated";\nexport const db = new PrismaClient();\n`,
    },
    config: [`import { db } from "@acme/db/client";`, "  prisma: db,"],
  },
  "a seed, scripts and tests with clients of their own": {
    files: {
      ...PLAIN,
      "prisma/seed.ts": CLIENT.replace("prisma =", "a ="),
      "scripts/import.ts": CLIENT.replace("prisma =", "b ="),
      "lib/a.test.ts": CLIENT.replace("prisma =", "c ="),
    },
    config: [`import { prisma } from "@/lib/prisma";`],
  },
  "two clients: the one that the app uses": {
    files: {
      ...PLAIN,
      "lib/a.ts": CLIENT,
      "app/page.tsx": `import { prisma } from "@/lib/prisma";`,
      "app/users/page.tsx": `import { prisma } from "../../lib/prisma";`,
    },
    config: [`import { prisma } from "@/lib/prisma";`],
  },
  "a generated client among the sources": {
    files: {
      ...PLAIN,
      "app/generated/prisma/client.ts": `/* !!! This is code generated by Prisma. Do not edit directly. !!! */\n// @generated\nexport const PrismaClient = x;\nexport const prisma = new PrismaClient();\n`,
    },
    config: [`import { prisma } from "@/lib/prisma";`],
  },
  "a schema in several files": {
    files: {
      ...without(PLAIN, "prisma/schema.prisma"),
      "prisma.config.ts": `import path from "node:path";\nexport default { schema: path.join("prisma", "models") };`,
      "prisma/models/base.prisma": SCHEMA,
      "prisma/models/user.prisma": "model Other {\n  id Int @id\n}\n",
    },
  },
};

test.for(Object.entries(HOSTS))("%s", async ([, shape]) => {
  const {
    files,
    root = "",
    mount = "/admin/backup",
    folder = "app/admin/backup",
    config = [],
    next,
  } = shape;
  const { names = ["backup-admin.ts", "[[...view]]/page.tsx", "api/[...route]/route.ts"] } = shape;
  const plan = await planInit(path.join(await makeHost(files), root), mount);
  expect(plan.files.map(({ name }) => name)).toEqual(names.map((name) => `${folder}/${name}`));
  const lines = plan.files[0]?.text.split("\n") ?? [];
  for (const line of config) expect(lines).toContain(line);
  if (next) expect(plan.next.join("\n")).toMatch(next);
});

const REFUSALS: Record<string, { files: Files; mount?: string; message: RegExp }> = {
  "an empty folder": { files: {}, message: /no package\.json/ },
  "no Next.js": {
    files: { "package.json": "{}" },
    message: /Next\.js is not among the dependencies/,
  },
  "neither app nor src/app": {
    files: { "package.json": packageJson() },
    message: /neither app nor src\/app/,
  },
  "the Pages Router only": {
    files: { ...without(PLAIN, "app/layout.tsx"), "pages/index.tsx": "" },
    message: /Pages Router only/,
  },
  "no Prisma": {
    files: { "package.json": `{ "dependencies": { "next": "16" } }`, "app/layout.tsx": LAYOUT },
    message: /does not use Prisma/,
  },
  "no client": {
    files: without(PLAIN, "lib/prisma.ts"),
    message: /No module of this app makes a PrismaClient/,
  },
  "a client that nobody exports": {
    files: { ...PLAIN, "lib/prisma.ts": "const prisma = new PrismaClient();" },
    message: /lib\/prisma\.ts makes a PrismaClient and does not export it/,
  },
  MySQL: {
    files: { ...PLAIN, "prisma/schema.prisma": SCHEMA.replace("postgresql", "mysql") },
    message: /prisma\/schema\.prisma is for mysql/,
  },
  "a page in that place": {
    files: { ...PLAIN, "app/(back)/admin/backup/page.tsx": "" },
    message: /app\/\(back\)\/admin\/backup\/page\.tsx is a page at \/admin\/backup already/,
  },
};

test.for(Object.entries(REFUSALS))("%s is refused", async ([, { files, message }]) => {
  await expect(planInit(await makeHost(files), "/admin/backup")).rejects.toMatchObject({
    code: "CONFIG_INVALID",
    message: expect.stringMatching(message),
  });
});
