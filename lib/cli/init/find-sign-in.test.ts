import { expect, test } from "vitest";
import { type Files, makeHost, packageJson, tsconfig } from "../../testing/host-files.ts";
import { readAliases } from "../host/import-alias.ts";
import { readImports } from "../host/imports.ts";
import { parsePrismaSchema } from "../host/prisma-schema.ts";
import { readSources } from "../host/sources.ts";
import { findRole } from "./find-role.ts";
import { findSignIns } from "./find-sign-in.ts";

const NEXT_AUTH = packageJson({ "next-auth": "^4.24.11" });
const AUTH_JS = packageJson({ "next-auth": "5.0.0-beta.30" });
const BETTER_AUTH = packageJson({ "better-auth": "^1.7.0" });
const OPTIONS = "export const authOptions = { providers: [] };\n";
const AUTH = `import NextAuth from "next-auth";\nexport const { handlers, auth, signIn, signOut } = NextAuth({ providers: [] });\n`;
const ROUTE = `import NextAuth from "next-auth";\nimport { authOptions } from "@/lib/auth";\nconst handler = NextAuth(authOptions);\nexport { handler as GET, handler as POST };\n`;

async function look(files: Files) {
  const root = await makeHost({ "tsconfig.json": tsconfig({ "@/*": ["./*"] }), ...files });
  const aliases = await readAliases(root);
  const sources = await readSources(root);
  return {
    found: await findSignIns(root, await readImports(root, sources, aliases), aliases),
    sources,
  };
}

test.for<[name: string, files: Files, found: string[]]>([
  [
    "next-auth 4, its options in lib",
    {
      "package.json": NEXT_AUTH,
      "lib/auth.ts": OPTIONS,
      "app/api/auth/[...nextauth]/route.ts": ROUTE,
    },
    ["next-auth lib/auth.ts#authOptions"],
  ],
  [
    "next-auth 4, options of another name as default",
    {
      "package.json": NEXT_AUTH,
      "auth.ts": "const nextAuthSettings = { providers: [] };\nexport default nextAuthSettings;\n",
      "app/page.tsx": `import settings from "../auth";\nexport const session = () => getServerSession(settings);\n`,
    },
    ["next-auth auth.ts#default"],
  ],
  [
    "next-auth 4, options in its route",
    {
      "package.json": NEXT_AUTH,
      "app/api/auth/[...nextauth]/route.ts": OPTIONS,
      "lib/session.ts": `import { authOptions } from "@/app/api/auth/[...nextauth]/route";\nexport const session = () => getServerSession(authOptions);\n`,
    },
    ["next-auth app/api/auth/[...nextauth]/route.ts#authOptions"],
  ],
  [
    "next-auth 4, options in pages/api and given third",
    {
      "package.json": NEXT_AUTH,
      "pages/api/auth/[...nextauth].ts": OPTIONS.replace("authOptions", "options"),
      "pages/api/me.ts": `import { options } from "./auth/[...nextauth]";\nexport default (req, res) => getServerSession(req, res, options);\n`,
    },
    ["next-auth pages/api/auth/[...nextauth].ts#options"],
  ],
  [
    "next-auth 4, options that nobody exports",
    {
      "package.json": NEXT_AUTH,
      "app/api/auth/[...nextauth]/route.ts": "export const GET = NextAuth({ providers: [] });\n",
    },
    [],
  ],
  [
    "Auth.js 5",
    {
      "package.json": AUTH_JS,
      "auth.ts": AUTH,
      "proxy.ts": `export { auth as proxy } from "@/auth";\n`,
      "app/page.tsx": `import { auth, signIn } from "@/auth";\nexport default async () => { await auth(); signIn("github"); };\n`,
    },
    ["auth-js auth.ts#auth"],
  ],
  [
    "Auth.js 5, passed on by an index and wrapped in React's cache",
    {
      "package.json": AUTH_JS,
      "server/auth/config.ts": "export const authConfig = { providers: [] };\n",
      "server/auth/index.ts": `const { auth: uncachedAuth, handlers } = NextAuth(authConfig);\nconst auth = cache(uncachedAuth);\nexport { auth, handlers };\n`,
      "app/page.tsx": `import { auth } from "@/server/auth";\nexport default async () => auth();\n`,
    },
    ["auth-js server/auth/index.ts#auth"],
  ],
  [
    "Auth.js 5, by another name",
    {
      "package.json": AUTH_JS,
      "auth.ts": "export const { handlers, auth: getSession } = NextAuth({ providers: [] });\n",
      "app/page.tsx": `import { getSession } from "@/auth";\nexport default async () => getSession();\n`,
    },
    ["auth-js auth.ts#getSession"],
  ],
  [
    "Better Auth",
    {
      "package.json": BETTER_AUTH,
      "lib/auth.ts": "export const auth = betterAuth({});\n",
      "app/api/auth/[...all]/route.ts": `import { auth } from "@/lib/auth";\nexport const { GET, POST } = toNextJsHandler(auth);\n`,
    },
    ["better-auth lib/auth.ts#auth"],
  ],
  [
    "Better Auth of a package of the workspace, by another name",
    {
      "package.json": packageJson(),
      "lib/session.ts": `import { authLib } from "@acme/auth";\nexport const session = async () => authLib.api.getSession({ headers: await headers() });\n`,
      "components/nav.tsx": `import { authClient } from "@/lib/auth-client";\nauthClient.getSession();\n`,
    },
    ["better-auth @acme/auth#authLib"],
  ],
  [
    "Clerk",
    {
      "package.json": packageJson({ "@clerk/nextjs": "^7.0.0" }),
      "app/page.tsx": `import { auth } from "@clerk/nextjs/server";\nexport default async () => auth();\n`,
    },
    ["clerk"],
  ],
  ["none: tokens of its own", { "package.json": packageJson({ jsonwebtoken: "^9.0.0" }) }, []],
])("%s", async ([, files, expected]) => {
  const { found } = await look(files);
  expect(found.map(({ kind, reference }) => [kind, reference?.name].join(" ").trim())).toEqual(
    expected,
  );
});

const user = (fields: string) => `
enum Role {
  USER
  SUPER_ADMIN
  ADMIN
}
model User {
  id    String  @id
  email String? @unique
  ${fields}
}`;
const SESSION_ID = `export const id = (session) => session.user.id;\n`;

test.for<[name: string, schema: string, source: string, found: object | null]>([
  ["an enum", user("role Role"), "", { key: "email", condition: `user?.role === "ADMIN"` }],
  ["an id in the session", user("role Role"), SESSION_ID, { key: "id", model: "user" }],
  [
    "an id that is a number",
    user("role Role").replace("String  @id", "Int @id"),
    SESSION_ID,
    { key: "email" },
  ],
  ["a flag", user("isAdmin Boolean @default(false)"), "", { condition: "user?.isAdmin === true" }],
  ["a list", user("roles Role[]"), "", { condition: `user?.roles.includes("ADMIN") === true` }],
  [
    "text, and the app's own word",
    user("role String"),
    `export const is = (user) => user.role === "administrator";\n`,
    { condition: `user?.role === "administrator"` },
  ],
  ["text, and no word", user("role String"), "", null],
  ["an enum without administrators", user("role State").replace("ADMIN", "OWNER"), "", null],
  ["no role", user("name String"), "", null],
  ["a relation", `${user("role RoleModel")}\nmodel RoleModel {\n  id Int @id\n}\n`, "", null],
  [
    "neither an id nor an address that is unique",
    user("role Role").replace(" @unique", ""),
    "",
    null,
  ],
  ["another table", user("role Role").replace("model User", "model Person"), "", null],
])("who may: %s", async ([, schema, source, expected]) => {
  const { sources } = await look({ "package.json": NEXT_AUTH, "lib/a.ts": source });
  const parsed = parsePrismaSchema(schema, "schema.prisma");
  const role = findRole(parsed, sources, { kind: "next-auth", reference: null });
  if (expected === null) expect(role).toBeNull();
  else expect(role).toMatchObject(expected);
});

test("who may: Better Auth's own word for its plugin's text", () => {
  const schema = parsePrismaSchema(user("role String?"), "schema.prisma");
  expect(findRole(schema, [], { kind: "better-auth", reference: null })).toMatchObject({
    key: "id",
    condition: `user?.role === "admin"`,
  });
  expect(findRole(null, [], { kind: "better-auth", reference: null })).toBeNull();
});
