/** `npm run demo`: sets up everything from an empty checkout to a running shop, and stops it on Ctrl-C. */
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { readOwners } from "../lib/cli/doctor/superuser.ts";
import { migrate } from "./migrate.ts";
import { startNext } from "./next-server.ts";
import { createOwnedDatabase } from "./owned-database.ts";
import { findFreePort, startPostgres } from "./postgres.ts";
import { buildApp, generatePrismaClient } from "./prepare.ts";
import { ROOT } from "./run.ts";
import { SIGN_INS } from "./seed/sign-ins.ts";
import { seed } from "./seed.ts";
import { step } from "./step.ts";
import { withClient } from "./with-client.ts";

const DATA = path.join(ROOT, ".data");
const DATABASE = "shop";

/** What was started. It is stopped in reverse order. */
const started = new AsyncDisposableStack();
let stopping = false;
let ready = false;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(signal, () => void stop(ready ? 0 : 130));
}
try {
  await demo();
} catch (error) {
  // While the demo stops, steps fail because what they need is gone.
  if (!stopping) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    await stop(1);
  }
}

async function demo(): Promise<void> {
  console.log("\nAlder & Finch, the demo shop of prisma-backup-admin\n");
  await mkdir(DATA, { recursive: true });

  await step("Prisma client", generatePrismaClient, unchanged);
  const databaseUrl = process.env.DATABASE_URL ?? (await startDatabase());
  await step(
    "Migrations",
    () => migrate(databaseUrl),
    (names) => `${names.length} applied`,
  );
  await step(
    "Data",
    () => seed(databaseUrl),
    (rows) => (rows === null ? "already there" : `${rows.toLocaleString("en-GB")} rows made`),
  );
  await step("App, built once for these sources", buildApp, unchanged);
  const app = await step("App, started", async () => {
    const port = process.env.PORT ? Number(process.env.PORT) : await findFreePort(3000);
    return startNext({ port, databaseUrl, nextAuthSecret: await readSecret() });
  });
  started.defer(() => app.stop());
  ready = true;

  console.log(`
  ${app.url}

  admin   ${SIGN_INS.admin.email}   ${SIGN_INS.admin.password}
  clerk   ${SIGN_INS.clerk.email}   ${SIGN_INS.clerk.password}

  The backup page is ${app.url}/admin/backup
  Ctrl-C stops everything.
`);
}

function unchanged(made: boolean): string {
  return made ? "" : "up to date";
}

async function startDatabase(): Promise<string> {
  const server = await step(
    "PostgreSQL 18",
    () => startPostgres({ major: 18, dataDir: path.join(DATA, "postgres-18") }),
    ({ port }) => `port ${port}`,
  ).catch((error: Error) => {
    throw error.message.includes("postmaster.pid")
      ? new Error("The demo is already running in this folder. Stop that one first.")
      : error;
  });
  started.defer(() => server.stop());
  const databaseUrl = await createOwnedDatabase(server.url(), DATABASE);
  await giveToOwner(server.url(DATABASE));
  return databaseUrl;
}

/** Earlier versions of the demo connected as a superuser, which therefore owns their objects. */
async function giveToOwner(url: string): Promise<void> {
  await withClient(url, async (client) => {
    await client.query(`ALTER DATABASE ${DATABASE} OWNER TO ${DATABASE}`);
    const { objects } = await readOwners(client);
    for (const object of objects) await client.query(`ALTER ${object} OWNER TO ${DATABASE}`);
  });
}

/** Returns a stored secret, so that people stay signed in after a restart. */
async function readSecret(): Promise<string> {
  const file = path.join(DATA, "nextauth-secret");
  const secret = randomBytes(32).toString("base64url");
  await writeFile(file, secret, { flag: "wx", mode: 0o600 }).catch(() => {});
  return readFile(file, "utf8");
}

async function stop(exitCode: number): Promise<void> {
  if (stopping) return;
  stopping = true;
  console.log("\n  Stopping …");
  await started.disposeAsync();
  process.exit(exitCode);
}
