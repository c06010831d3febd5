import path from "node:path";
import { expect, test } from "vitest";
import { CLIENT, type Files, makeHost, tsconfig, usesClient } from "../../testing/host-files.ts";
import { readAliases } from "../host/import-alias.ts";
import { readImports } from "../host/imports.ts";
import { readSources } from "../host/sources.ts";
import { findClients } from "./find-client.ts";

const GLOBAL = `import { PrismaClient } from "../../generated/prisma";
const createPrismaClient = () => new PrismaClient();
const globalForPrisma = globalThis as unknown as { prisma?: ReturnType<typeof createPrismaClient> };
export const db = globalForPrisma.prisma ?? createPrismaClient();
`;

/** The files of each host and the clients that are found, the best first. `root` is the app's folder. */
const HOSTS: Record<string, { files: Files; root?: string; found: string[] }> = {
  "a named export": {
    files: { "lib/prisma.ts": CLIENT, "app/page.tsx": usesClient("@/lib/prisma") },
    found: ["lib/prisma.ts#prisma"],
  },
  "create-t3-app: db, handed on in a context, and to an adapter": {
    files: {
      "src/server/db.ts": GLOBAL,
      "src/server/api/trpc.ts": `import { db } from "~/server/db";\nexport const createContext = async () => ({ db });\n`,
      "src/server/auth/config.ts": `import { db } from "~/server/db";\nexport const authConfig = { adapter: PrismaAdapter(db) };\n`,
    },
    found: ["src/server/db.ts#db"],
  },
  "create-t3-app without a sign-in: only handed on": {
    files: {
      "src/server/db.ts": GLOBAL,
      "src/server/api/trpc.ts": `import { db } from "~/server/db";\nexport const createContext = async () => ({ db });\n`,
    },
    found: ["src/server/db.ts#db"],
  },
  "umami: a default export with the client in it": {
    files: {
      "src/lib/prisma.ts": `import { PrismaClient } from "@/generated/prisma/client";\nconst client = globalThis.prisma || new PrismaClient();\nexport default { client, rawQuery };\n`,
      "src/queries/user.ts": `import prisma from "@/lib/prisma";\nexport const getUser = (id) => prisma.client.user.findUnique({ where: { id } });\n`,
      "src/queries/site.ts": `import prisma from "@/lib/prisma";\nexport const getSite = (id) =>\n  prisma.client\n    .website.findFirst({ where: { id } });\n`,
      "src/queries/raw.ts": `import prisma from "@/lib/prisma";\nconst { rawQuery } = prisma;\nexport const count = () => rawQuery("");\n`,
    },
    found: ["src/lib/prisma.ts#default.client"],
  },
  "rallly: a package of the workspace that points at dist, which is not built": {
    root: "apps/web",
    files: {
      "apps/web/tsconfig.json": tsconfig({ "@/*": ["./src/*"] }),
      "apps/web/src/data/polls.ts": `import { prisma } from "@rallly/database";\nimport type { Poll } from "@rallly/database";\nexport const polls = () => prisma.poll.findMany();\n`,
      "apps/web/src/auth.ts": `import { prisma } from "@rallly/database";\nexport const user = () => prisma.user.update({});\n`,
      "apps/web/tests/seed-user.ts": `import { testClient } from "./client";\nexport const x = testClient.user.findMany();\n`,
      "node_modules/@rallly/database": "-> ../../packages/database",
      "packages/database/package.json": `{ "name": "@rallly/database", "main": "./dist/index.js", "types": "./dist/index.d.ts" }`,
      "packages/database/src/index.ts": CLIENT,
    },
    found: ["@rallly/database#prisma"],
  },
  "spliit: no sign-in, imported by an alias": {
    files: {
      "src/lib/prisma.ts": `import { PrismaClient } from "@prisma/client";\ndeclare const global: Global & { prisma?: PrismaClient };\nexport let p: PrismaClient = undefined as any as PrismaClient;\nif (typeof window === "undefined") {\n  if (process.env["NODE_ENV"] === "production") p = new PrismaClient();\n  else { if (!global.prisma) global.prisma = new PrismaClient(); p = global.prisma; }\n}\nexport const prisma = p;\n`,
      "src/lib/api.ts": usesClient("@/lib/prisma", "{ prisma }", "prisma.group"),
      "src/app/export/route.ts": usesClient("@/lib/prisma", "{ prisma }", "prisma.expense"),
      "src/scripts/migrate.ts": usesClient("@/lib/prisma", "{ p }", "p.group"),
    },
    found: ["src/lib/prisma.ts#prisma"],
  },
  "a default export": {
    files: {
      "lib/prisma.ts": `import { PrismaClient } from "@prisma/client";\nconst prisma = new PrismaClient();\nexport default prisma;\n`,
      "app/page.tsx": usesClient("../lib/prisma", "prisma", "prisma.user"),
    },
    found: ["lib/prisma.ts#default"],
  },
  "a default export and a named one: what more modules import": {
    files: {
      "lib/db.ts": `${CLIENT}export default prisma;\n`,
      "app/a.ts": usesClient("@/lib/db", "db", "db.user"),
      "app/b.ts": usesClient("@/lib/db", "db", "db.user"),
      "app/c.ts": usesClient("@/lib/db"),
    },
    found: ["lib/db.ts#default", "lib/db.ts#prisma"],
  },
  "another name in the importing module": {
    files: {
      "lib/prisma.ts": CLIENT,
      "app/page.tsx": usesClient("@/lib/prisma", "{ prisma as db }", "db.user"),
    },
    found: ["lib/prisma.ts#prisma"],
  },
  "passed on by an index": {
    files: {
      "lib/db/client.ts": CLIENT,
      "lib/db/index.ts": `export * from "./client";\nexport * from "../../generated/prisma";\n`,
      "app/page.tsx": usesClient("@/lib/db"),
    },
    found: ["lib/db/index.ts#prisma"],
  },
  "an extended client beside the plain one": {
    files: {
      "lib/base.ts": `import { PrismaClient } from "@prisma/client";\nexport const base = new PrismaClient();\n`,
      "lib/prisma.ts": `import { base } from "./base";\nexport const prisma = base.$extends({ query: {} });\n`,
      "app/a.ts": usesClient("@/lib/prisma"),
      "app/b.ts": usesClient("@/lib/prisma"),
    },
    found: ["lib/prisma.ts#prisma", "lib/base.ts#base"],
  },
  "Prisma 7's generated client": {
    files: {
      "lib/prisma.ts": `import { PrismaClient } from "@/app/generated/prisma/client";\nexport const prisma = new PrismaClient({ adapter });\n`,
      "app/generated/prisma/client.ts": `// @generated\nexport const PrismaClient = x;\n`,
      "app/page.tsx": `import { Prisma, PrismaClient } from "@/app/generated/prisma/client";\n${usesClient("@/lib/prisma")}`,
    },
    found: ["lib/prisma.ts#prisma"],
  },
  "a function": {
    files: {
      "lib/prisma.ts": `import { PrismaClient } from "@prisma/client";\nexport const getDb = cache(() => new PrismaClient());\n`,
      "app/a.ts": usesClient("@/lib/prisma", "{ getDb }", "getDb().user"),
      "app/b.ts": `import { getDb } from "@/lib/prisma";\nexport async function run() {\n  const db = getDb();\n  return db.user.findMany();\n}\n`,
    },
    found: ["lib/prisma.ts#getDb()"],
  },
  "a function that promises a client is not guessed": {
    files: {
      "lib/prisma.ts": `import { PrismaClient } from "@prisma/client";\nexport const connect = async () => new PrismaClient();\n`,
      "app/a.ts": `import { connect } from "@/lib/prisma";\nexport const run = async () => (await connect()).user.findMany();\n`,
    },
    found: [],
  },
  "a namespace": {
    files: {
      "lib/db.ts": CLIENT,
      "app/a.ts": usesClient("@/lib/db", "* as db", "db.prisma.user"),
    },
    found: ["lib/db.ts#prisma"],
  },
  "several clients, that of the app's modules first": {
    files: {
      "lib/prisma.ts": CLIENT,
      "lib/reporting.ts": CLIENT.replace("prisma =", "reporting ="),
      "app/a.ts": usesClient("@/lib/prisma"),
      "app/b.ts": usesClient("../lib/prisma"),
      "app/c.ts": usesClient("@/lib/reporting", "{ reporting }", "reporting.user"),
    },
    found: ["lib/prisma.ts#prisma", "lib/reporting.ts#reporting"],
  },
  "types only": {
    files: {
      "lib/prisma.ts": CLIENT,
      "app/a.ts": `import type { prisma } from "@/lib/prisma";\nexport type Db = typeof prisma;\n`,
      "app/b.ts": `import { type prisma } from "@/lib/prisma";\nexport type Db = typeof prisma;\n`,
    },
    found: [],
  },
  "clients of tests, seeds, scripts and stories": {
    files: Object.fromEntries(
      [
        "test/client.ts",
        "tests/db.ts",
        "e2e/db.ts",
        "lib/__tests__/db.ts",
        "prisma/seed.ts",
        "scripts/db.ts",
        "lib/db.test.ts",
        "lib/button.stories.tsx",
      ].flatMap((name, index) => {
        const client = CLIENT.replace("prisma =", `client${index} =`);
        const clause = `{ client${index} }`;
        const user = `${path.dirname(name)}/user${index}.${name.includes("stories") ? "stories" : "test"}.ts`;
        return [
          [name, client],
          [user, usesClient(`./${path.parse(name).name}`, clause, `client${index}.user`)],
        ];
      }),
    ),
    found: [],
  },
  "a test's client that a module of the app imports": {
    files: { "tests/db.ts": CLIENT, "app/page.tsx": usesClient("../tests/db") },
    found: [],
  },
  "other packages with methods of the same names": {
    files: {
      "app/a.ts": `import { stripe } from "@/lib/stripe";\nimport { db } from "@/lib/drizzle";\nexport const a = [stripe.customers.create({}), db.query.users.findMany()];\n`,
      "lib/stripe.ts": "export const stripe = 1;\n",
      "lib/drizzle.ts": "export const db = 1;\n",
    },
    found: [],
  },
  "a comment and a string": {
    files: {
      "lib/prisma.ts": CLIENT,
      "app/a.ts": `// import { prisma } from "@/lib/prisma";\nexport const a = "prisma.user.findMany()";\n`,
    },
    found: [],
  },
};

test.for(Object.entries(HOSTS))("%s", async ([, { files, root = "", found }]) => {
  const alias = tsconfig({ "@/*": ["./*", "./src/*"], "~/*": ["./src/*"] });
  const folder = path.join(await makeHost({ "tsconfig.json": alias, ...files }), root);
  const aliases = await readAliases(folder);
  const imports = await readImports(folder, await readSources(folder), aliases);
  const clients = await findClients(folder, imports, aliases);
  expect(clients.map(({ name }) => name)).toEqual(found);
});
