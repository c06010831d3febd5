/** Runs the original's two examples as its users do: a script with a generated client, without Next. */
import { readdir, rm } from "node:fs/promises";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { leftSessions, testDatabase } from "./testing/backups.ts";
import { pgDumpText } from "./testing/oracles.ts";
import { BLOG_MESS_SQL, BLOG_SQL, createProject, type Project } from "./testing/prisma-project.ts";

const BACKUP_EXAMPLE = `
import { PrismaClient } from '@prisma/client';
import { PrismaBackup } from '@vorlefan/prisma-backup';

const prisma = new PrismaClient();

async function createBackup() {
  const backup = new PrismaBackup(prisma, {
    folderName: '.db_backups', // The root folder for all backups
    database: 'postgres',
    
    // Optional: Handle large tables with offset pagination
    offset: {
      Posts: { limit: 100 }, // Backup the 'Posts' table in batches of 100
    },
    
    // Optional: Encrypt the backup files
    encrypt: true,
    password: 'a-very-strong-password',

    // Optional: Compress the final backup folder into a .zip file
    compress: true,
  });

  await backup.run();
  
  console.log('Backup completed!');
}

createBackup();
`;

const RESTORE_EXAMPLE = `
import { PrismaClient, Prisma } from '@prisma/client';
import { PrismaRestore } from '@vorlefan/prisma-backup';

// Important: Import the 'Prisma' namespace to access the DMMF
const prisma = new PrismaClient();

async function restoreBackup() {
  const restore = new PrismaRestore(prisma, {
    folderName: '.db_backups', // The specific backup folder to restore
    database: 'postgres',

    // This is CRITICAL for the restore to work correctly.
    // It allows the tool to understand your table relationships.
    baseModels: Prisma.dmmf.datamodel.models as any,

    // Optional: Specify tables to ignore during the restore
    ignoredTables: ['_prisma_migrations'], // _prisma_migrations already added
    
    // Optional: Time in ms to wait between inserting data for each table
    waitBetweenModels: 500, 
  });

  await restore.run();
  
  console.log('Restore completed!');
}

restoreBackup();
`;

/** Adapts an example to Prisma 7: the client is generated into the project and connects through an adapter. */
const forPrisma7 = (example: string, client: string) =>
  replaceOnce(
    replaceOnce(
      replaceOnce(
        example,
        "from '@prisma/client';",
        `from '${client}';\nimport { PrismaPg } from '@prisma/adapter-pg';`,
      ),
      "from '@vorlefan/prisma-backup';",
      "from 'prisma-backup-admin';",
    ),
    "new PrismaClient()",
    "new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.BLOG_URL }) })",
  );

function replaceOnce(text: string, from: string, to: string): string {
  const parts = text.split(from);
  if (parts.length !== 2) throw new Error(`${from} is there ${parts.length - 1} times`);
  return parts.join(to);
}

const JS_CLIENT = "./generated/client-js/index.js";
const TS_CLIENT = "./generated/client/client.ts";

let project: Project;
beforeAll(async () => {
  project = await createProject();
});
afterAll(() => project[Symbol.asyncDispose]());

async function scene() {
  await rm(path.join(project.folder, ".db_backups"), { recursive: true, force: true });
  const { db } = await testDatabase({ sql: BLOG_SQL });
  const archived = await pgDumpText(db.url);
  const run = (script: string) => project.runScript(script, { BLOG_URL: db.url });
  return { db, archived, run, dump: () => pgDumpText(db.url) };
}

describe("the README's examples, with the client of prisma-client-js", () => {
  test("back up, and restore with the password that the example leaves out", async () => {
    const { db, archived, run, dump } = await scene();
    expect(await run(forPrisma7(BACKUP_EXAMPLE, JS_CLIENT))).toEqual({
      code: 0,
      stdout: "Backup completed!\n",
      stderr: "",
    });
    expect(await readdir(path.join(project.folder, ".db_backups"))).toEqual([
      expect.stringMatching(/\.zip$/),
    ]);
    await db.query(BLOG_MESS_SQL);
    const before = await dump();

    // Unchanged, the second example cannot open what the first one encrypted, and says so.
    const example = forPrisma7(RESTORE_EXAMPLE, JS_CLIENT);
    const refused = await run(example);
    expect(refused).toMatchObject({ code: 1, stdout: "" });
    expect(refused.stderr).toContain("WRONG_PASSPHRASE");
    expect(await dump()).toBe(before);

    const password = "password: 'a-very-strong-password',\n    database:";
    expect(await run(replaceOnce(example, "database:", password))).toEqual({
      code: 0,
      stdout: "Restore completed!\n",
      stderr: "",
    });
    expect(await dump()).toBe(archived);
    expect(await leftSessions(db)).toEqual([]);
  });

  test("restore an unencrypted folder, word for word", async () => {
    const { db, archived, run, dump } = await scene();
    const plain = forPrisma7(BACKUP_EXAMPLE, JS_CLIENT)
      .replace("encrypt: true", "encrypt: false")
      .replace("compress: true", "compress: false");
    expect((await run(plain)).code).toBe(0);
    await db.query(BLOG_MESS_SQL);
    expect(await run(forPrisma7(RESTORE_EXAMPLE, JS_CLIENT))).toEqual({
      code: 0,
      stdout: "Restore completed!\n",
      stderr: "",
    });
    expect(await dump()).toBe(archived);
  });
});

test("with the client of prisma-client, which has no DMMF any more", async () => {
  const { db, archived, run, dump } = await scene();
  expect((await run(forPrisma7(BACKUP_EXAMPLE, TS_CLIENT))).stderr).toBe("");
  await db.query(BLOG_MESS_SQL);
  const script = RESTORE_EXAMPLE.replace(/ *baseModels:.*\n/, "")
    .replace("PrismaClient, Prisma }", "PrismaClient }")
    .replace("database:", "password: 'a-very-strong-password', database:");
  expect(await run(forPrisma7(script, TS_CLIENT))).toEqual({
    code: 0,
    stdout: "Restore completed!\n",
    stderr: "",
  });
  expect(await dump()).toBe(archived);
});

test("a script says of an error what it wants, and ends by itself, its client still connected", async () => {
  const { db, run } = await scene();
  const script = `
    import { PrismaClient } from '${JS_CLIENT}';
    import { PrismaPg } from '@prisma/adapter-pg';
    import { BackupError, PrismaBackup } from 'prisma-backup-admin';
    const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: process.env.BLOG_URL }) });
    const options = { folderName: '.db_backups', database: 'postgres' };
    const broken = new PrismaBackup(prisma, { ...options, connectionString: 'postgresql://x@127.0.0.1:1/x' });
    const error = await broken.run().catch((error) => error);
    const { path, ...summary } = await new PrismaBackup(prisma, options).run();
    const posts = await prisma.posts.count();
    await prisma.$disconnect();
    console.log(JSON.stringify([error instanceof BackupError, error.code, summary.kind, summary.rows, posts]));`;
  expect(await run(script)).toEqual({
    code: 0,
    stdout: `${JSON.stringify([true, "DATABASE_UNREACHABLE", "folder", 506, 250])}\n`,
    stderr: "",
  });
  expect(await leftSessions(db)).toEqual([]);
});

describe("where the import is", () => {
  const show = "console.log(PrismaBackup.name, import.meta.resolve('prisma-backup-admin'));";
  const importIt = (
    conditions: string,
    text = "import { PrismaBackup } from 'prisma-backup-admin';",
  ) => project.runScript(`${text} ${show}`, {}, [`--conditions=${conditions}`]);
  const fileOfPackage = (name: string) =>
    pathToFileURL(path.join(project.folder, "node_modules/prisma-backup-admin", name)).href;

  test.for([
    ["in Node", "node", "dist/lib/public-api.js"],
    ["in a server component or route", "react-server", "dist/lib/index.js"],
  ] as const)("%s: it works", async ([, conditions, file]) => {
    expect(await importIt(conditions)).toEqual({
      code: 0,
      stdout: `PrismaBackup ${fileOfPackage(file)}\n`,
      stderr: "",
    });
  });

  test("by require(): it works", async () => {
    const text = `import { createRequire } from "node:module";
      const { PrismaBackup } = createRequire(import.meta.url)("prisma-backup-admin");`;
    expect(await importIt("node", text)).toMatchObject({ code: 0, stderr: "" });
  });

  test("in a client component: it fails", async () => {
    const { code, stderr } = await importIt("browser");
    expect(code).toBe(1);
    expect(stderr).toContain("a Client Component must not import it");
  });
});
