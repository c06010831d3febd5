import path from "node:path";
import { expect, test } from "vitest";
import {
  CLIENT,
  type Files,
  LAYOUT,
  makeHost,
  PLAIN,
  packageJson,
  SCHEMA,
  tsconfig,
  usesClient,
} from "../../testing/host-files.ts";
import { UsageError } from "../usage.ts";
import type { Choices } from "./choices.ts";
import { planInit } from "./plan.ts";

const without = (files: Files, ...names: string[]): Files =>
  Object.fromEntries(Object.entries(files).filter(([name]) => !names.includes(name)));
const moved = (files: Files, from: string, to: string): Files => ({
  ...without(files, from),
  [to]: files[from] ?? "",
});
/** The app with its client in another file, next to the module that uses it. */
const withClient = (name: string, specifier: string): Files => ({
  ...without(PLAIN, "lib/prisma.ts", "lib/users.ts"),
  [name]: CLIENT,
  [path.join(path.dirname(name), "users.ts")]: usesClient(specifier),
});

const ROLE = `${SCHEMA.replace("email String @unique", "email String @unique\n  role  Role")}
enum Role {
  USER
  ADMIN
}
`;
const AUTH_JS = { "next-auth": "5.0.0-beta.30" };
const AUTH = `import NextAuth from "next-auth";\nexport const { handlers, auth, signIn, signOut } = NextAuth({ providers: [] });\n`;
const usesAuth = (specifier: string) =>
  `import { auth } from "${specifier}";\nexport const session = () => auth();\n`;

interface Shape {
  files: Files;
  mount?: string;
  /** The app's folder in a monorepo. */
  root?: string;
  /** The folder that everything goes to. Default app/admin/backup. */
  folder?: string;
  /** Lines that backup-admin must contain. */
  config?: string[];
  /** Files in addition to the usual three. */
  names?: string[];
  next?: RegExp;
}

const HOSTS: Record<string, Shape> = {
  "an alias @/*": { files: PLAIN, config: [`import { prisma } from "@/lib/prisma";`, "  prisma,"] },
  "no sign-in": {
    files: PLAIN,
    config: ["  authorize: async () => null,"],
    next: /Say in app\/admin\/backup\/backup-admin.ts who may back up and restore\. Until then, everyone is refused/,
  },
  "no client": {
    files: without(PLAIN, "lib/users.ts"),
    config: [`const prisma = "TO FILL IN: your app's PrismaClient";`, "  prisma,"],
    next: /Import your app's PrismaClient in app\/admin\/backup\/backup-admin\.ts/,
  },
  "src/app": {
    files: {
      "package.json": packageJson(),
      "tsconfig.json": tsconfig({ "@/*": ["./src/*"] }),
      "prisma/schema.prisma": SCHEMA,
      "src/app/layout.tsx": LAYOUT,
      "src/lib/db.ts": CLIENT,
      "src/lib/users.ts": usesClient("./db"),
    },
    folder: "src/app/admin/backup",
    config: [`import { prisma } from "@/lib/db";`],
  },
  "app before src/app, as Next has it": {
    files: { ...PLAIN, "src/app/layout.tsx": LAYOUT },
  },
  "create-t3-app, with a role": {
    files: {
      "package.json": packageJson(AUTH_JS),
      "tsconfig.json": tsconfig({ "~/*": ["./src/*"] }),
      "prisma/schema.prisma": ROLE,
      "src/app/layout.tsx": LAYOUT,
      "src/server/db.ts": CLIENT.replace("prisma =", "db ="),
      "src/server/auth/index.ts": `${AUTH}`,
      "src/server/api/trpc.ts": `${usesAuth("~/server/auth")}${usesClient("~/server/db", "{ db }", "db.user")}`,
    },
    folder: "src/app/admin/backup",
    config: [
      `import { authJs } from "prisma-backup-admin/auth-js";`,
      `import { auth } from "~/server/auth";`,
      `import { db } from "~/server/db";`,
      "  prisma: db,",
      "  authorize: authJs(auth, async (session) => {",
      "    const user = await db.user.findUnique({",
      `    return user?.role === "ADMIN";`,
    ],
    next: /Check in .* that the right people may/,
  },
  "a sign-in and no role": {
    files: {
      ...PLAIN,
      "package.json": packageJson(AUTH_JS),
      "auth.ts": AUTH,
      "lib/session.ts": usesAuth("@/auth"),
    },
    config: ["  authorize: authJs(auth, () => false),"],
    next: /Say in .* who may back up and restore/,
  },
  "Better Auth, and where people sign in": {
    files: {
      ...PLAIN,
      "prisma/schema.prisma": SCHEMA.replace("Int    @id", "String @id\n  role String?"),
      "package.json": packageJson({ "better-auth": "^1.7.0" }),
      "lib/auth.ts": "export const auth = betterAuth({});\n",
      "lib/session.ts": `import { auth } from "./auth";\nauth.api.getSession({ headers });\n`,
      "app/(site)/login/page.tsx": "",
    },
    config: [
      `import { auth } from "@/lib/auth";`,
      `  signInPath: "/login",`,
      "    const session = await auth.api.getSession({",
      "      where: { id: session.user.id },",
      `      allowed: user?.role === "admin",`,
    ],
  },
  Clerk: {
    files: {
      ...PLAIN,
      "package.json": packageJson({ "@clerk/nextjs": "^7.0.0" }),
      "app/sign-in/[[...sign-in]]/page.tsx": "",
    },
    config: [
      `import { currentUser } from "@clerk/nextjs/server";`,
      `  signInPath: "/sign-in",`,
      "    const user = await currentUser();",
    ],
  },
  "tabs, where the app has them": {
    files: { ...PLAIN, "app/page.tsx": "export default function Page() {\n\treturn null;\n}\n" },
    config: ["\tprisma,"],
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
      ...withClient("src/lib/prisma.ts", "#/lib/prisma"),
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
  "an index file": {
    files: withClient("lib/db/index.ts", "@/lib/db"),
    config: [`import { prisma } from "@/lib/db";`],
  },
  JavaScript: {
    files: {
      "package.json": packageJson(),
      "jsconfig.json": `{ "compilerOptions": { "paths": { "@/*": ["./*"] } } }`,
      "prisma/schema.prisma": SCHEMA,
      "app/layout.js": LAYOUT,
      "lib/prisma.js": CLIENT.replace("export const", "const").concat("export default prisma;\n"),
      "lib/users.js": usesClient("@/lib/prisma", "prisma"),
    },
    names: ["backup-admin.js", "[[...view]]/page.js", "api/[...route]/route.js"],
    config: [`import prisma from "@/lib/prisma";`],
  },
  "JavaScript without jsconfig.json": {
    files: {
      "package.json": packageJson(),
      "prisma/schema.prisma": SCHEMA,
      "app/layout.jsx": LAYOUT,
      "lib/prisma.mjs": CLIENT,
      "lib/users.js": usesClient("./prisma.mjs"),
    },
    names: ["backup-admin.js", "[[...view]]/page.js", "api/[...route]/route.js"],
    config: [`import { prisma } from "../../../lib/prisma.mjs";`],
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
  "route groups with a layout each, none for such a page": {
    files: moved(PLAIN, "app/layout.tsx", "app/(marketing)/layout.tsx"),
    names: ["backup-admin.ts", "[[...view]]/page.tsx", "api/[...route]/route.ts", "layout.tsx"],
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
  "a Next config without headers": {
    files: { ...PLAIN, "next.config.mjs": "export default {};" },
    next: /Add to the Next config.*\n[\s\S]*source: "\/admin\/backup\/:path\*"[\s\S]*"X-Frame-Options", value: "DENY"/,
  },
  "a Next config with headers": {
    files: {
      ...PLAIN,
      "next.config.mjs": `export default { headers: async () => [{ source: "/:path*", headers: [{ key: "X-Frame-Options", value: "DENY" }] }] };`,
    },
    next: /^(?![\s\S]*Add to the Next config)/,
  },
  "a proxy that rewrites": {
    files: {
      ...PLAIN,
      "proxy.ts": `import createMiddleware from "next-intl/middleware";\nexport default createMiddleware(routing);\nexport const config = { matcher: "/((?!api).*)" };\n`,
    },
    next: /If proxy\.ts redirects or rewrites \/admin\/backup, write into its matcher "/,
  },
  "a static export": {
    files: { ...PLAIN, "next.config.js": `module.exports = { output: "export" }` },
    next: /Remove output: "export"/,
  },
  pnpm: {
    files: { ...PLAIN, "pnpm-lock.yaml": "" },
    next: /pnpm add prisma-backup-admin[\s\S]*pnpm exec prisma-backup doctor/,
  },
  "a workspace's package with the client and the role": {
    files: {
      "pnpm-lock.yaml": "",
      "packages/database/package.json": `{ "name": "@club/database", "exports": "./index.ts" }`,
      "packages/database/prisma/schema.prisma": SCHEMA.replace(
        "Int    @id",
        "String @id\n  isAdmin Boolean",
      ),
      "packages/database/index.ts": CLIENT,
      "apps/web/package.json": packageJson({ "better-auth": "^1.7.0", "@club/database": "*" }),
      "apps/web/node_modules/@club/database": "-> ../../../../packages/database",
      "apps/web/tsconfig.json": tsconfig(),
      "apps/web/app/layout.tsx": LAYOUT,
      "apps/web/auth.ts": "export const auth = betterAuth({});\n",
      "apps/web/session.ts": `import { auth } from "./auth";\nauth.api.getSession({ headers });\n`,
      "apps/web/users.ts": usesClient("@club/database"),
    },
    root: "apps/web",
    config: [`import { prisma } from "@club/database";`, "      allowed: user?.isAdmin === true,"],
    next: /pnpm exec prisma-backup doctor/,
  },
  "a monorepo with packages/db": {
    root: "apps/web",
    files: {
      "apps/web/tsconfig.json": tsconfig({ "@/*": ["./*"] }),
      "apps/web/app/layout.tsx": LAYOUT,
      "apps/web/lib/users.ts": usesClient("@acme/db/client"),
      "apps/web/package.json": packageJson({ "@acme/db": "workspace:*" }),
      "node_modules/@acme/db": "-> ../../packages/db",
      "packages/db/package.json": `{ "name": "@acme/db", "exports": { "./client": "./dist/client.js" } }`,
    },
    config: [`import { prisma } from "@acme/db/client";`],
  },
  "a monorepo with an alias that leaves the app": {
    root: "apps/web",
    files: {
      "apps/web/tsconfig.json": tsconfig({ "@acme/db": ["../../packages/db/src/index.ts"] }),
      "apps/web/app/layout.tsx": LAYOUT,
      "apps/web/lib/users.ts": usesClient("@acme/db"),
      "apps/web/package.json": packageJson(),
      "packages/db/src/index.ts": CLIENT,
    },
    config: [`import { prisma } from "@acme/db";`],
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

const CHOICES: Array<[choices: Choices, line: string]> = [
  [{ client: "lib/other#db" }, `import { db } from "@/lib/other";`],
  [{ client: "./lib/other.ts#db" }, `import { db } from "@/lib/other";`],
  [{ client: "@/lib/other#db" }, `import { db } from "@/lib/other";`],
  [{ client: "@/lib/prisma" }, `import { prisma } from "@/lib/prisma";`],
  [{ client: "@/lib/other" }, `import prisma from "@/lib/other";`],
  [{ client: "@acme/db#getDb()" }, "  prisma: getDb(),"],
  [{ client: "@acme/db#default.client" }, "  prisma: prisma.client,"],
  [{ auth: "none" }, "  authorize: async () => null,"],
  [{ auth: "clerk" }, `import { currentUser } from "@clerk/nextjs/server";`],
  [{ auth: "auth-js" }, `import { auth } from "@/auth";`],
  [{ auth: "better-auth=@acme/auth#authLib" }, `import { authLib } from "@acme/auth";`],
  [{ auth: "next-auth=auth.ts#settings" }, "  authorize: nextAuth(settings, () => false),"],
  [{ auth: "next-auth=@acme/auth" }, `import authOptions from "@acme/auth";`],
];

test.for(CHOICES)("%o", async ([choices, line]) => {
  const root = await makeHost({
    ...PLAIN,
    "package.json": packageJson(AUTH_JS),
    "auth.ts": AUTH,
    "lib/other.ts": CLIENT.replace("prisma =", "db ="),
    "lib/session.ts": usesAuth("@/auth"),
  });
  const plan = await planInit(root, "/admin/backup", choices);
  expect(plan.files[0]?.text.split("\n")).toContain(line);
});

test.for<[Choices, RegExp]>([
  [{ client: "lib/prisma#a-b" }, /“lib\/prisma#a-b” is not MODULE#EXPORT/],
  [{ client: "./lib/nothing#prisma" }, /There is no module \.\/lib\/nothing here/],
  [{ auth: "passport" }, /“passport” is no sign-in that is known: next-auth, auth-js, /],
  [{ auth: "better-auth" }, /Say where it is: better-auth=lib\/auth\.ts#auth\./],
])("%o is wrong usage", async ([choices, message]) => {
  await expect(planInit(await makeHost(PLAIN), "/admin/backup", choices)).rejects.toThrow(message);
  await expect(planInit(await makeHost(PLAIN), "/admin/backup", choices)).rejects.toBeInstanceOf(
    UsageError,
  );
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
  MySQL: {
    files: { ...PLAIN, "prisma/schema.prisma": SCHEMA.replace("postgresql", "mysql") },
    message: /prisma\/schema\.prisma is for mysql/,
  },
  "Next.js 14": {
    files: { ...PLAIN, "package.json": packageJson({ next: "14.2.3", react: "^18.3.0" }) },
    message:
      /^Next\.js 14\.2\.3 is here, and >=15 is needed\. React 18\.\S+ is here, and >=19 is needed\. Nothing was written\.$/,
  },
  "an installed Next.js 14, whatever package.json asks for": {
    files: {
      ...PLAIN,
      "package.json": packageJson({ next: "latest" }),
      "node_modules/next/package.json": `{ "version": "14.1.0" }`,
    },
    message: /^Next\.js 14\.1\.0 is here/,
  },
  "Prisma 5": {
    files: { ...PLAIN, "package.json": packageJson({ "@prisma/client": "^5.22.0" }) },
    message: /^Prisma 5\.\S+ is here, and >=6\.16 <8 is needed/,
  },
  "next-auth 3": {
    files: { ...PLAIN, "package.json": packageJson({ "next-auth": "~3.29.0" }) },
    message: /^next-auth 3\.29\.0 is here/,
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
