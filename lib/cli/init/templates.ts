/** The files that mount the add-on. `init` writes them, and a person reads and keeps them. At most 80 columns wide. */
import type { Reference } from "../host/imports.ts";
import type { Role } from "./find-role.ts";
import type { SignIn } from "./find-sign-in.ts";

export interface ConfigFile {
  /** Null: the person has to fill it in. */
  client: Reference | null;
  signIn: SignIn | null;
  /** Null: nobody is allowed until a person fills it in. */
  role: Role | null;
  /** Only if it is not the default. */
  basePath: string | null;
  signInPath: string | null;
  /** The folder that the file is written into. */
  folder: string;
}

export function configFile(options: ConfigFile): string {
  const { client, signIn, basePath, signInPath, folder } = options;
  const prisma = client ? nameOf(client, "prisma") + client.path : "prisma";
  const imports: Array<[line: string, specifier: string]> = [];
  const add = (exported: string, local: string, specifier: string) =>
    imports.push([importLine(exported, local, specifier), specifier]);
  add("createBackupAdmin", "createBackupAdmin", "prisma-backup-admin");
  const adapter = signIn && ADAPTERS[signIn.kind];
  if (adapter) add(adapter.name, adapter.name, adapter.specifier);
  for (const [it, name] of [
    [signIn?.reference, authName(signIn)],
    [client, "prisma"],
  ] as const)
    if (it) add(it.exported, nameOf(it, name), it.specifier(folder));
  const lines = imports.toSorted(([, a], [, b]) => order(a, b)).map(([line]) => line);
  if (!client) lines.push(CLIENT_TO_FILL_IN);
  return `${lines.join("\n")}

export const backupAdmin = createBackupAdmin({
  ${prisma === "prisma" ? "prisma" : `prisma: ${prisma}`},
${basePath === null ? "" : `  basePath: ${JSON.stringify(basePath)},\n`}${
  signInPath === null ? "" : `  signInPath: ${JSON.stringify(signInPath)},\n`
}${authorization(options, prisma)}
});
`;
}

const ADAPTERS: Record<SignIn["kind"], { name: string; specifier: string } | null> = {
  "next-auth": { name: "nextAuth", specifier: "prisma-backup-admin/next-auth" },
  "auth-js": { name: "authJs", specifier: "prisma-backup-admin/auth-js" },
  "better-auth": null,
  clerk: { name: "currentUser", specifier: "@clerk/nextjs/server" },
};

const authName = (signIn: SignIn | null): string =>
  signIn?.kind === "next-auth" ? "authOptions" : "auth";

const nameOf = ({ exported }: Reference, standard: string): string =>
  exported === "default" ? standard : exported;

/** Sorts imports as linters do: packages, aliases, relative paths. */
function order(a: string, b: string): number {
  const rank = (it: string) => (it.startsWith(".") ? 2 : /^(?:@\/|[~#$])/.test(it) ? 1 : 0);
  return rank(a) - rank(b) || (a < b ? -1 : Number(a > b));
}

function importLine(exported: string, local: string, specifier: string): string {
  const from = `from ${JSON.stringify(specifier)};`;
  if (exported === "default") return `import ${local} ${from}`;
  const line = `import { ${exported} } ${from}`;
  return line.length <= 80 ? line : `import {\n  ${exported},\n} ${from}`;
}

const CLIENT_TO_FILL_IN = `
// TO FILL IN: import your app's PrismaClient instead, as in
// import { prisma } from "@/lib/prisma";
const prisma = "TO FILL IN: your app's PrismaClient";`;

const TO_FILL_IN = `// TO FILL IN: who may download and replace the whole database.
// Until then, nobody may.`;

const RULE_TO_FILL_IN = `${TO_FILL_IN} Ask your database, not the session, in which a
// right that was taken away may live on.`;

const indent = (text: string, depth: number): string =>
  text.replaceAll(/^(?=.)/gm, "  ".repeat(depth));

function authorization(options: ConfigFile, prisma: string): string {
  const { signIn, role } = options;
  if (!signIn) {
    return indent(
      `${TO_FILL_IN} Ask your own sign-in who sends the request.
// Return null if nobody is signed in, else who it is and whether they may:
// { id: "stable id", name: "shown to other admins", allowed: true }
authorize: async () => null,`,
      1,
    );
  }
  if (signIn.kind === "clerk") return indent(CLERK, 1);
  const auth = signIn.reference ? nameOf(signIn.reference, authName(signIn)) : authName(signIn);
  const isBetterAuth = signIn.kind === "better-auth";
  const question =
    role &&
    `// Asked on each request: a right that is taken away is gone at once.
const user = await ${prisma}.${role.model}.findUnique({
  where: { ${role.key}: ${isBetterAuth ? `session.user.${role.key}` : `session.user?.${role.key} ?? ""`} },
  select: { ${role.field}: true },
});`;
  if (isBetterAuth) {
    return indent(
      `authorize: async (request) => {
  const session = await ${auth}.api.getSession({
    headers: request.headers,
    query: { disableCookieCache: true },
  });
  if (!session) return null;
${question ? `${indent(question, 1)}\n` : ""}  return {
    id: session.user.id,
    name: session.user.email,
${role ? "" : `${indent(RULE_TO_FILL_IN, 2)}\n`}    allowed: ${role?.condition ?? "false"},
  };
},`,
      1,
    );
  }
  const call = `authorize: ${ADAPTERS[signIn.kind]?.name}(${auth}, `;
  return indent(
    role
      ? `${call}async (session) => {\n${indent(`${question}\nreturn ${role.condition};`, 1)}\n}),`
      : `${RULE_TO_FILL_IN}\n${call}() => false),`,
    1,
  );
}

const CLERK = `authorize: async () => {
  // Asked on each request: a right that is taken away is gone at once.
  const user = await currentUser();
  if (!user) return null;
  return {
    id: user.id,
    name: user.primaryEmailAddress?.emailAddress ?? user.id,
    allowed: user.publicMetadata.role === "admin",
  };
},`;

export function pageFile({
  isTypeScript,
  importsStyles,
}: {
  isTypeScript: boolean;
  importsStyles: boolean;
}): string {
  const props = isTypeScript ? "props: {\n  params: Promise<{ view?: string[] }>;\n}" : "props";
  return `import {
  BackupAdminForbidden,
  BackupAdminPanel,
} from "prisma-backup-admin/components";
${importsStyles ? `import "prisma-backup-admin/styles.css";\n` : ""}import { backupAdmin } from "../backup-admin";

export default async function BackupPage(${props}) {
  const page = await backupAdmin.authorizePage(props);
  if (!page.allowed) {
    return <BackupAdminForbidden signInPath={page.signInPath} />;
  }
  return <BackupAdminPanel {...page.panel} />;
}
`;
}

export const ROUTE_FILE = `import { backupAdmin } from "../../backup-admin";

export const { GET, POST, PATCH, DELETE, HEAD, OPTIONS } = backupAdmin.handlers;
`;

/** For an app without one layout for every page, for example with a folder per language. */
export function layoutFile({ isTypeScript }: { isTypeScript: boolean }): string {
  const types = `import type { Metadata } from "next";\nimport type { ReactNode } from "react";\n\n`;
  const props = isTypeScript ? "{ children }: { children: ReactNode }" : "{ children }";
  return `${isTypeScript ? types : ""}export const metadata${isTypeScript ? ": Metadata" : ""} = { title: "Database backup" };

// The panel fills the window, down to its end.
const style = {
  display: "grid",
  gridTemplateColumns: "minmax(0, 1fr)",
  minHeight: "100vh",
  margin: 0,
  fontFamily: "system-ui, sans-serif",
};

export default function BackupLayout(${props}) {
  return (
    <html lang="en" style={{ colorScheme: "light dark" }}>
      <body style={style}>{children}</body>
    </html>
  );
}
`;
}
