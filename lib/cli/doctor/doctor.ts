import { defaultUploadDir } from "../../config.ts";
import { type Database, openDatabase } from "../../postgres/connection/connection.ts";
import { readCatalog } from "../../schema/read-catalog.ts";
import { toBackupError } from "../../to-backup-error.ts";
import { findSchema } from "../host/find-schema.ts";
import { ownCommands } from "../host/package-manager.ts";
import type { PrismaSchema } from "../host/prisma-schema.ts";
import { parseOptions, readText } from "../usage.ts";
import { checkApp } from "./app.ts";
import { checkConnection } from "./connection.ts";
import { checkConnections } from "./connections.ts";
import { checkContents, checkExtensions } from "./contents.ts";
import { loadEnvironment } from "./environment.ts";
import { attempt, type Finding, findingsOf, reportText } from "./finding.ts";
import { checkHosting } from "./hosting.ts";
import { checkRecording, checkRights } from "./rights.ts";
import { checkSchema } from "./schema.ts";
import { checkSpace, checkUploadFolder } from "./space.ts";
import { checkSuperuser } from "./superuser.ts";
import { checkVersions } from "./versions.ts";

/** `doctor`: says whether backups and restores will work here. Changes nothing. @returns the exit code */
export async function doctor(args: string[], signal: AbortSignal): Promise<number> {
  const options = parseOptions(args, {
    url: { type: "string" },
    app: { type: "string" },
    "cookie-file": { type: "string" },
    "upload-dir": { type: "string" },
    json: { type: "boolean" },
  });
  const root = process.cwd();
  const cookieFile = options["cookie-file"];
  const cookie = cookieFile === undefined ? undefined : toCookie(await readText(cookieFile));
  const findings: Finding[] = [];
  const look = <Result>(
    area: Finding["area"],
    code: string,
    what: string,
    check: () => Result | Promise<Result>,
  ) => attempt(findings, { area, code, what }, check);
  await look("Versions", "ENVIRONMENT", "The .env files", () => loadEnvironment(root));
  const schema = await look("Database", "DRIFT", "schema.prisma", () => findSchema(root));
  const database = await checkDatabase(findUrl(options.url, schema), schema);
  findings.push(...database.findings);
  const uploadDir = options["upload-dir"] ?? database.uploadDir;
  const checks = [
    await look("Versions", "VERSIONS", "What is installed here", () => checkVersions(root)),
    await look("Server", "SPACE", "The room for uploads", () =>
      checkSpace(options["upload-dir"], database.sizeBytes),
    ),
    uploadDir !== null &&
      (await look("Server", "UPLOAD_DIR", "The folder for uploads", () =>
        checkUploadFolder(uploadDir),
      )),
    await look("Server", "HOSTING", "The app's settings", () => checkHosting(root)),
    await look("App", "APP", "The running app", () =>
      checkApp({ address: options.app, cookie, database: database.name, signal }),
    ),
  ];
  findings.push(...checks.flatMap((found) => found || []));
  const own = await ownCommands(root);
  for (const finding of findings) if (finding.remedy) finding.remedy = own(finding.remedy);
  const wouldFail = findings.some(({ level }) => level === "problem");
  process.stdout.write(
    options.json ? `${JSON.stringify({ wouldFail, findings }, null, 2)}\n` : reportText(findings),
  );
  return wouldFail ? 1 : 0;
}

interface Url {
  text: string;
  /** The option or variable that contains it. */
  from: string;
}

/** Finds the connection string that the app uses, as far as the environment shows it. */
function findUrl(given: string | undefined, schema: PrismaSchema | null): Url | null {
  if (given !== undefined) return { text: given, from: "--url" };
  for (const name of new Set(["DIRECT_URL", "DATABASE_URL", ...(schema?.environmentNames ?? [])])) {
    const text = process.env[name];
    // A prisma+postgres:// address is for Prisma's own service, not for PostgreSQL.
    if (text !== undefined && /^postgres(?:ql)?:\/\//.test(text)) return { text, from: name };
  }
  return null;
}

interface CheckedDatabase {
  findings: Finding[];
  name: string | null;
  sizeBytes: number | null;
  /** The app's default folder. Null if the database's address is unknown. */
  uploadDir: string | null;
}

export async function checkDatabase(
  url: Url | null,
  schema: PrismaSchema | null,
): Promise<CheckedDatabase> {
  const { found: findings, problem } = findingsOf("Database");
  const nothing = { findings, name: null, sizeBytes: null, uploadDir: null };
  if (url === null) {
    problem(
      "NO_CONNECTION",
      "There is no connection string: neither DIRECT_URL nor DATABASE_URL is set to a postgresql:// one.",
      "Set one in .env, or give --url postgresql://user:password@host:5432/database",
    );
    return nothing;
  }
  const open = (): Database | null => {
    try {
      return openDatabase({ connectionString: url.text });
    } catch (error) {
      const { message, hint = "Correct it." } = toBackupError(error);
      problem("NO_CONNECTION", `The connection string of ${url.from}: ${message}`, hint);
      return null;
    }
  };
  await using database = open();
  if (!database) return nothing;
  const look = <Result>(code: string, what: string, check: () => Result | Promise<Result>) =>
    attempt(findings, { area: "Database", code, what }, check);
  const uploadDir = defaultUploadDir(database);
  const connection = await checkConnection(database, url.from);
  findings.push(...connection.findings);
  if (!connection.isUsable) return { ...nothing, uploadDir };
  const client = await look("UNREACHABLE", "The database", () => database.connect("doctor"));
  if (!client) return { ...nothing, uploadDir };
  try {
    const catalog = await look("CATALOG", "The catalog", () => readCatalog(client));
    const checks = [
      await look("CONNECTIONS", "How many connections there may be", () =>
        checkConnections(client),
      ),
      await look("SUPERUSER", "Whether the role is a superuser", () => checkSuperuser(client)),
      catalog && (await look("RIGHTS", "The role's rights", () => checkRights(client, catalog))),
      await look("OPERATIONS", "The schema for operations", () => checkRecording(client)),
      catalog && (await look("DRIFT", "The schema", () => checkSchema(client, catalog, schema))),
      catalog &&
        (await look("CONTENTS", "What is in the database", () => checkContents(client, catalog))),
      await look("EXTENSIONS", "Extensions", () => checkExtensions(client)),
    ];
    findings.push(...checks.flatMap((found) => found ?? []));
    const { name = null, sizeBytes = null } = catalog?.database ?? {};
    return { findings, name, sizeBytes, uploadDir };
  } finally {
    await client.end().catch(() => {});
  }
}

/** Accepts the header as a browser shows it, with or without its name, and a file written by `curl --cookie-jar`. */
function toCookie(text: string): string {
  const jar = text.split(/\r?\n/).flatMap((line) => {
    const fields = line.replace(/^#HttpOnly_/, "").split("\t");
    return fields.length === 7 ? [`${fields[5]}=${fields[6]}`] : [];
  });
  return jar.length > 0 ? jar.join("; ") : text.trim().replace(/^cookie:\s*/i, "");
}
