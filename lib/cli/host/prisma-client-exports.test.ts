import { expect, test } from "vitest";
import { readClientExports } from "./prisma-client-exports.ts";

const IMPORT = `import { PrismaClient } from "@prisma/client";\n`;

test.for<[name: string, text: string, expected: string | null]>([
  ["a constant", "export const prisma = new PrismaClient();", "prisma"],
  ["another name", "export const db = new PrismaClient({ log: ['query'] })", "db"],
  ["a type", "export const prisma: PrismaClient = new PrismaClient()", "prisma"],
  [
    "the default export of a name",
    "const prisma = new PrismaClient()\nexport default prisma",
    "default",
  ],
  ["the default export itself", "export default new PrismaClient();", "default"],
  ["an export list", "const client = new PrismaClient();\nexport { client as prisma };", "prisma"],
  [
    "an export list as default",
    "const client = new PrismaClient();\nexport { client as default };",
    "default",
  ],
  [
    "Prisma's own pattern",
    `const globalForPrisma = global as unknown as { prisma: PrismaClient | undefined };
export const prisma =
  globalForPrisma.prisma ??
  new PrismaClient({
    log: ["query"],
  });
if (process.env.NODE_ENV !== "production") globalForPrisma.prisma = prisma;`,
    "prisma",
  ],
  [
    "Prisma's documentation for Next.js",
    `const prismaClientSingleton = () => {
  return new PrismaClient()
}

declare const globalThis: {
  prismaGlobal: ReturnType<typeof prismaClientSingleton>;
} & typeof global;

const prisma = globalThis.prismaGlobal ?? prismaClientSingleton()

export default prisma

if (process.env.NODE_ENV !== 'production') globalThis.prismaGlobal = prisma`,
    "default",
  ],
  [
    "create-t3-app",
    `import { env } from "~/env";
const createPrismaClient = () =>
  new PrismaClient({
    log: env.NODE_ENV === "development" ? ["query", "error", "warn"] : ["error"],
  });

const globalForPrisma = globalThis as unknown as {
  prisma: ReturnType<typeof createPrismaClient> | undefined;
};

export const db = globalForPrisma.prisma ?? createPrismaClient();

if (env.NODE_ENV !== "production") globalForPrisma.prisma = db;`,
    "db",
  ],
  [
    "if and else",
    `let prisma: PrismaClient;
if (process.env.NODE_ENV === "production") {
  prisma = new PrismaClient();
} else {
  if (!global.prisma) {
    global.prisma = new PrismaClient();
  }
  prisma = global.prisma;
}
export { prisma };`,
    "prisma",
  ],
  [
    "if and else, in JavaScript",
    `let prisma
if (process.env.NODE_ENV === "production") {
  prisma = new PrismaClient()
} else {
  if (!global.prisma) global.prisma = new PrismaClient()
  prisma = global.prisma
}
module.exports = prisma`,
    "default",
  ],
  [
    "||",
    "export const db = globalThis.prisma || new PrismaClient()\nif (dev) globalThis.prisma = db",
    "db",
  ],
  [
    "??= in brackets",
    "export const prisma = (globalThis.prisma ??= new PrismaClient());",
    "prisma",
  ],
  [
    "assigned to the global",
    "global.prisma = global.prisma || new PrismaClient();\nconst prisma = global.prisma;\nexport default prisma;",
    "default",
  ],
  [
    "a driver adapter",
    `const adapter = new PrismaPg({ connectionString: process.env.DATABASE_URL });\nexport const prisma = new PrismaClient({ adapter });`,
    "prisma",
  ],
  ["an extension", "export const prisma = new PrismaClient().$extends(withAccelerate())", "prisma"],
  [
    "an extension of a constant",
    "const base = new PrismaClient();\nexport const prisma = base.$extends({ query: {} });",
    "prisma",
  ],
  [
    "an extension over lines",
    "export const db = new PrismaClient({\n  log: [],\n})\n  .$extends(a)\n  .$extends(b);",
    "db",
  ],
  ["a wrapper", `export const prisma = singleton("prisma", () => new PrismaClient());`, "prisma"],
  ["called at once", "export const db = (() => { return new PrismaClient() })();", "db"],
  ["a function", "export function getPrisma() {\n  return new PrismaClient();\n}", "getPrisma()"],
  [
    "a function that keeps it",
    "let client: PrismaClient | undefined;\nexport const getDb = () => {\n  client ??= new PrismaClient();\n  return client;\n};",
    "getDb()",
  ],
  ["React's cache", "export const getDb = cache(() => new PrismaClient({ adapter }));", "getDb()"],
  [
    "a constant before a function",
    "export function createClient() { return new PrismaClient() }\nexport const prisma = createClient()",
    "prisma",
  ],
  [
    "CommonJS",
    `const { PrismaClient } = require("@prisma/client");\nmodule.exports = { prisma: new PrismaClient() }`,
    null,
  ],
  [
    "CommonJS, an object",
    `const { PrismaClient } = require("@prisma/client");\nconst prisma = new PrismaClient();\nmodule.exports = { prisma };`,
    "prisma",
  ],
  [
    "CommonJS, a property",
    `const { PrismaClient } = require("@prisma/client");\nconst client = new PrismaClient();\nexports.db = client;`,
    "db",
  ],
  [
    "an alias",
    `import { PrismaClient as Client } from "./generated/client";\nexport const db = new Client();`,
    "db",
  ],
  [
    "a class of its own",
    "class Database extends PrismaClient {}\nexport const database = new Database();",
    "database",
  ],
  [
    "a namespace",
    `import * as P from "./generated/client";\ntype X = P.PrismaClient;\nexport const db = new P.PrismaClient();`,
    "db",
  ],
  [
    "a proxy that makes it late",
    "let real: PrismaClient | undefined;\nexport const prisma: PrismaClient = new Proxy({} as PrismaClient, { get: (_, key) => Reflect.get((real ??= new PrismaClient()), key) });",
    "prisma",
  ],
  [
    "a satisfied type",
    "export const prisma = new PrismaClient() satisfies PrismaClient;",
    "prisma",
  ],
  ["none exported", "const prisma = new PrismaClient();\nawait prisma.user.findMany();", null],
  ["only a comment", "// export const prisma = new PrismaClient();\nexport const a = 1;", null],
  ["only a string", "export const text = `new PrismaClient()`;", null],
  [
    "something made with one",
    "export const authOptions = { adapter: PrismaAdapter(new PrismaClient()), providers: [] };",
    null,
  ],
  ["its result", "export const users = await new PrismaClient().user.findMany();", null],
  [
    "an adapter and a client",
    "export const prisma = new PrismaClient();\nexport const adapter = PrismaAdapter(prisma);",
    "prisma",
  ],
  [
    "a type only",
    `import type { PrismaClient } from "@prisma/client";\nexport type Db = PrismaClient;`,
    null,
  ],
])("%s", ([, text, expected]) => {
  const [found] = readClientExports(IMPORT + text);
  expect(found ? found.name + (found.isFunction ? "()" : "") : null).toBe(expected);
});
