/** Hosts for tests: small Next.js apps as plain files. */
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { onTestFinished } from "vitest";

/** By path: the text of a file, or `-> target` for a link. */
export type Files = Record<string, string>;

/** Makes a temporary folder with these files and removes it after the test. @returns its path */
export async function makeHost(files: Files): Promise<string> {
  const root = await mkdtemp(path.join(os.tmpdir(), "backup-admin-host-"));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const file = path.join(root, name);
    await mkdir(path.dirname(file), { recursive: true });
    if (text.startsWith("-> ")) await symlink(text.slice(3), file);
    else await writeFile(file, text);
  }
  return root;
}

export const packageJson = (dependencies: Record<string, string> = {}): string =>
  JSON.stringify({
    dependencies: { next: "^16.0.0", "@prisma/client": "^7.0.0", ...dependencies },
  });

export const tsconfig = (paths?: Record<string, string[]>): string =>
  `{\n  // as create-next-app writes it\n  "compilerOptions": { "strict": true, ${paths ? `"paths": ${JSON.stringify(paths)},` : ""} },\n}`;

export const SCHEMA = `generator client {
  provider = "prisma-client"
  output   = "../src/generated/prisma"
}

datasource db {
  provider = "postgresql"
}

model User {
  id    Int    @id
  email String @unique
}
`;

export const LAYOUT =
  "export default function Layout({ children }) { return <html><body>{children}</body></html>; }";

export const CLIENT = `import { PrismaClient } from "@prisma/client";\nexport const prisma = new PrismaClient();\n`;

/** A module that queries. @param specifier of the client's module */
export const usesClient = (
  specifier: string,
  clause = "{ prisma }",
  query = "prisma.user",
): string =>
  `import ${clause} from "${specifier}";\nexport const users = () => ${query}.findMany();\n`;

/** A TypeScript app with one client. Tests add files to it. */
export const PLAIN: Files = {
  "package.json": packageJson(),
  "tsconfig.json": tsconfig({ "@/*": ["./*"] }),
  "prisma/schema.prisma": SCHEMA,
  "app/layout.tsx": LAYOUT,
  "lib/prisma.ts": CLIENT,
  "lib/users.ts": usesClient("./prisma"),
};
