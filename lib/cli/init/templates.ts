/** The files that mount the add-on. `init` writes them, and a person reads and keeps them. */

export interface ConfigFile {
  client: { name: string; isFunction: boolean; specifier: string };
  auth: { kind: "next-auth" | "auth-js"; name: string; specifier: string } | null;
  /** The value of `session.user.role` that may; null: those whose addresses are in BACKUP_ADMINS. */
  adminRole: string | null;
  /** Only where it is not the default. */
  basePath: string | null;
}

export function configFile(options: ConfigFile): string {
  const { client, auth, adminRole, basePath } = options;
  const clientName = client.name === "default" ? "prisma" : client.name;
  const clientValue = client.isFunction ? `${clientName}()` : clientName;
  const prisma = clientValue === "prisma" ? "prisma" : `prisma: ${clientValue}`;
  const imports = [importLine("createBackupAdmin", "createBackupAdmin", "prisma-backup-admin")];
  if (auth) {
    const [adapter, specifier] =
      auth.kind === "next-auth"
        ? ["nextAuth", "prisma-backup-admin/next-auth"]
        : ["authJs", "prisma-backup-admin/auth-js"];
    imports.push(importLine(adapter, adapter, specifier));
    imports.push(importLine(auth.name, authName(auth), auth.specifier));
  }
  imports.push(importLine(client.name, clientName, client.specifier));
  return `${imports.join("\n")}
${auth && adminRole === null ? `\n${ADMINS}` : ""}
export const backupAdmin = createBackupAdmin({
  ${prisma},
${basePath === null ? "" : `  basePath: ${JSON.stringify(basePath)},\n`}${authorization(auth, adminRole)}
});
`;
}

const importLine = (exported: string, local: string, specifier: string): string =>
  `import ${exported === "default" ? local : `{ ${exported} }`} from ${JSON.stringify(specifier)};`;

const authName = ({ kind, name }: { kind: string; name: string }): string =>
  name === "default" ? (kind === "next-auth" ? "authOptions" : "auth") : name;

const ADMINS = `// TO FILL IN: who may download and replace the whole database. Until then, nobody may.
// E-mail addresses in the environment, as BACKUP_ADMINS="ada@example.com, bob@example.com". Only safe where
// your sign-in proves that an address belongs to the person; better is a role that the session knows.
const admins = (process.env.BACKUP_ADMINS ?? "")
  .split(",")
  .map((address) => address.trim().toLowerCase())
  .filter((address) => address !== "");
`;

function authorization(auth: ConfigFile["auth"], adminRole: string | null): string {
  if (!auth) {
    return `  // TO FILL IN: who may download and replace the whole database. Until then, nobody may.
  // Ask your own sign-in who sends the request, and return null where nobody is signed in, else
  // { id: "stable id", name: "shown to other admins", allowed: true } for those who may, allowed: false for others.
  authorize: async () => null,`;
  }
  const adapter = auth.kind === "next-auth" ? "nextAuth" : "authJs";
  const allow =
    adminRole === null
      ? `(session) => admins.includes(session.user?.email?.toLowerCase() ?? "")`
      : `(session) => session.user?.role === ${JSON.stringify(adminRole)}`;
  const line = `  authorize: ${adapter}(${authName(auth)}, ${allow}),`;
  return line.length <= 100
    ? line
    : `  authorize: ${adapter}(\n    ${authName(auth)},\n    ${allow},\n  ),`;
}

export function pageFile({
  isTypeScript,
  importsStyles,
}: {
  isTypeScript: boolean;
  importsStyles: boolean;
}): string {
  const props = isTypeScript ? "props: { params: Promise<{ view?: string[] }> }" : "props";
  return `import { BackupAdminForbidden, BackupAdminPanel } from "prisma-backup-admin/components";
${importsStyles ? `import "prisma-backup-admin/styles.css";\n` : ""}import { backupAdmin } from "../backup-admin";

export default async function BackupPage(${props}) {
  const page = await backupAdmin.authorizePage(props);
  if (!page.allowed) return <BackupAdminForbidden signInPath={page.signInPath} />;
  return <BackupAdminPanel {...page.panel} />;
}
`;
}

export const ROUTE_FILE = `import { backupAdmin } from "../../backup-admin";

export const { GET, POST, PATCH, DELETE, HEAD, OPTIONS } = backupAdmin.handlers;
`;

/** Where the app has no layout for every page, as with a folder per language. */
export const layoutFile = ({ isTypeScript }: { isTypeScript: boolean }): string =>
  isTypeScript
    ? `import type { ReactNode } from "react";

export default function BackupLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`
    : `export default function BackupLayout({ children }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
`;
