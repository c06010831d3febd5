/** Apps in strict TypeScript compile with the package's types and only its declared dependencies. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, inject, test } from "vitest";
import { programOf } from "../../scripts/run.ts";

const project = inject("project");

const FILES: Record<string, string> = {
  "package.json": '{ "type": "module" }',
  "backup-admin.ts": `
    import type { AuthOptions } from "next-auth";
    import { type Authorize, type BackupAdmin, type BackupAdminOptions, createBackupAdmin } from "prisma-backup-admin";
    import { nextAuth } from "prisma-backup-admin/next-auth";

    declare const authOptions: AuthOptions;
    declare const prisma: { $disconnect(): Promise<void> };

    const byHeader: Authorize = (request) => {
      const name = request.headers.get("x-user");
      return name === null ? null : { id: name, name, allowed: name === "ada" };
    };
    export const options: BackupAdminOptions = {
      prisma,
      authorize: byHeader,
      // Where exactOptionalPropertyTypes is on, what may be undefined is passed on as well.
      connectionString: process.env.DIRECT_URL,
      uploadDir: process.env.UPLOAD_DIR,
      pool: { max: 3, ssl: { rejectUnauthorized: true } },
      basePath: "/internal/backup",
    };
    type Unset<T> = { [K in keyof T as {} extends Pick<T, K> ? K : never]-?: undefined };
    declare const unset: Unset<BackupAdminOptions>;
    createBackupAdmin({ ...unset, prisma, authorize: byHeader });

    export const backupAdmin: BackupAdmin = createBackupAdmin({
      prisma,
      authorize: nextAuth(authOptions, (session) => session.user?.email === "ada@example.com"),
    });
    // @ts-expect-error: nothing is mounted that nobody guards
    createBackupAdmin({ prisma });
  `,
  "auth-js.ts": `
    import { authJs } from "prisma-backup-admin/auth-js";

    interface Session { user?: { id?: string }; expires: string }
    declare function readRole(id: string | undefined): Promise<string>;
    declare function auth(): Promise<Session | null>;
    declare function auth(handler: (request: Request) => Response): (request: Request) => Promise<Response>;

    export const authorize = authJs(auth, async (session) => (await readRole(session.user?.id)) === "ADMIN");
  `,
  "page.tsx": `
    import { BackupAdminForbidden, BackupAdminPanel } from "prisma-backup-admin/components";
    import { backupAdmin } from "./backup-admin.js";

    export default async function BackupPage(props: { params: Promise<{ view?: string[] }>; searchParams: Promise<object> }) {
      const page = await backupAdmin.authorizePage(props);
      if (!page.allowed) return <BackupAdminForbidden signInPath={page.signInPath} />;
      return <BackupAdminPanel {...page.panel} />;
    }
  `,
  "route.ts": `
    import { backupAdmin } from "./backup-admin.js";

    export const { GET, POST, PATCH, DELETE, HEAD, OPTIONS } = backupAdmin.handlers;
    export const get: (request: Request, context: { params: Promise<{ route: string[] }> }) => Promise<Response> = GET;
  `,
  "script.ts": `
    import { BackupError, type ErrorCode, type OnProgress, PrismaBackup, PrismaRestore } from "prisma-backup-admin";

    const onProgress: OnProgress = (event) => console.log(event);
    const signal = AbortSignal.timeout(1000);
    const password = process.env.BACKUP_PASSWORD;
    try {
      const backup = new PrismaBackup({}, { folderName: "backups", database: "postgres", encrypt: true, password, onProgress, signal });
      const { path, rows } = await backup.run();
      const restore = new PrismaRestore({}, { folderName: path, database: "postgres", password, onProgress, signal });
      const { warnings } = await restore.run();
      console.log(rows + 1, warnings.length);
    } catch (error) {
      const code: ErrorCode | null = error instanceof BackupError ? error.code : null;
      console.log(code);
    }
  `,
};

const STRICT = {
  target: "ES2022",
  lib: ["ES2023", "DOM", "DOM.Iterable"],
  jsx: "react-jsx",
  types: ["node"],
  noEmit: true,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noPropertyAccessFromIndexSignature: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  skipLibCheck: false,
};

/** The types of these packages contain errors, which an app with `skipLibCheck` never sees. */
const NOT_OURS = /node_modules\/(next|next-auth)\//;

beforeAll(async () => {
  await mkdir(project, { recursive: true });
  for (const [name, text] of Object.entries(FILES)) await writeFile(path.join(project, name), text);
});

test.for([
  ["bundler", { module: "esnext", moduleResolution: "bundler" }],
  ["node16", { module: "node16", moduleResolution: "node16" }],
  ["nodenext", { module: "nodenext", moduleResolution: "nodenext" }],
])("with moduleResolution %s", async ([name, compilerOptions]) => {
  const file = path.join(project, `tsconfig.${name}.json`);
  const options = { ...STRICT, ...(compilerOptions as object) };
  await writeFile(file, JSON.stringify({ compilerOptions: options, include: ["*.ts", "*.tsx"] }));
  const args = [programOf("typescript", "tsc"), "--project", file, "--pretty", "false"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: project }).catch(
    (error: { stdout: string }) => error,
  );
  const errors = stdout.split("\n").filter((line) => /: error TS\d+/.test(line));
  expect(errors.filter((line) => !NOT_OURS.test(line))).toEqual([]);
});
