import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import type pg from "pg";
import { z } from "zod";
import { BackupError } from "./errors.ts";
import { type Database, openDatabase } from "./postgres/connection.ts";
import { connectionFromPrisma } from "./schema/prisma-client.ts";
import { type Actor, DEFAULT_MAX_UPLOAD_BYTES } from "./shared/api.ts";

/** Who asks, and whether that person may back up and restore the database. */
export interface Visitor extends Actor {
  allowed: boolean;
}

/**
 * Says who sends a request: `null` where nobody is signed in (401, or the sign-in page), `allowed: false`
 * for a person without the right (403). Asked for every page and every request; where it throws, access is denied.
 */
export type Authorize = (request: Request) => Promise<Visitor | null> | Visitor | null;

/** Where to report what only the operator may see. `console` is one. */
export interface Logger {
  error(message: string, error?: unknown): void;
}

export interface BackupAdminOptions {
  /** The app's PrismaClient: gives the connection and the names of models. */
  prisma: object;
  /** Required: without it nothing is protected, so nothing is created. See `prisma-backup-admin/next-auth`. */
  authorize: Authorize;
  /** Default: the connection of `prisma`'s own `pg` adapter, then DIRECT_URL, then DATABASE_URL. */
  connectionString?: string | undefined;
  /** As `pg` takes it (host, ssl, …), instead of or beside `connectionString`. */
  pool?: pg.PoolConfig | undefined;
  /** Where the page is mounted, without Next's own `basePath`. Default `/admin/backup`. */
  basePath?: string | undefined;
  /** Without Next's `basePath`, or a whole URL. Gets `callbackUrl`, an address with it. Default `/api/auth/signin`. */
  signInPath?: string | undefined;
  /** Private folder for uploads on their way. Default: one below the system's temporary folder. */
  uploadDir?: string | undefined;
  /** Default 10 GiB. */
  maxUploadBytes?: number | undefined;
  /** An upload that nobody restores is removed after this time. Default 24 hours. */
  uploadMaxAgeMs?: number | undefined;
  /** How long a restore waits for a table that somebody else uses. */
  lockTimeoutMs?: number | undefined;
  /** Default `console`. Gets no secrets. */
  logger?: Logger | undefined;
}

export type Config = Readonly<
  Required<Omit<BackupAdminOptions, "connectionString" | "pool" | "uploadDir" | "lockTimeoutMs">> &
    Pick<BackupAdminOptions, "connectionString" | "pool" | "uploadDir" | "lockTimeoutMs">
>;

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
const pathSchema = z
  .string()
  .regex(/^(\/[^/?#\s]+)+$/, "must begin with a slash and not end with one, as /admin/backup");

const optionsSchema = z.strictObject({
  prisma: z.custom<object>(isObject, "must be the app's PrismaClient"),
  authorize: z.custom<Authorize>(
    (value) => typeof value === "function",
    "is required: a function that says who may back up and restore the database",
  ),
  connectionString: z.string().min(1).optional(),
  pool: z.custom<pg.PoolConfig>(isObject, "must be settings as pg.Pool takes them").optional(),
  basePath: pathSchema.default("/admin/backup"),
  signInPath: z
    .string()
    .regex(/^(\/(?!\/)|https?:\/\/)/, "must be a path or an http(s) URL")
    .default("/api/auth/signin"),
  uploadDir: z.string().min(1).optional(),
  maxUploadBytes: z.int().positive().default(DEFAULT_MAX_UPLOAD_BYTES),
  uploadMaxAgeMs: z
    .int()
    .min(60_000)
    .default(24 * 60 * 60 * 1000),
  lockTimeoutMs: z.int().positive().optional(),
  logger: z
    .custom<Logger>(
      (value) => isObject(value) && typeof Reflect.get(value as object, "error") === "function",
      "must have a method error(message, error)",
    )
    .default(() => console),
});

/**
 * Checks the options, once.
 *
 * @throws CONFIG_INVALID, naming each option that is wrong and never its value
 */
export function parseConfig(options: BackupAdminOptions): Config {
  const parsed = optionsSchema.safeParse(options);
  if (parsed.success) return Object.freeze(parsed.data);
  const problems = parsed.error.issues.map((issue) =>
    issue.path.length === 0 ? issue.message : `\`${issue.path.join(".")}\` ${issue.message}`,
  );
  throw new BackupError("CONFIG_INVALID", `createBackupAdmin: ${problems.join("; ")}.`, {
    hint: "Correct the options of createBackupAdmin. Until then nothing is mounted.",
  });
}

/**
 * Opens the configured database: the explicit settings first, then the Prisma client's own connection,
 * then DIRECT_URL, then DATABASE_URL. Nothing connects until the first statement.
 *
 * @throws CONFIG_INVALID where none of them is there
 */
export async function openConfiguredDatabase(
  config: Pick<Config, "prisma" | "connectionString" | "pool">,
  environment: Record<string, string | undefined> = process.env,
  connectTimeoutMs?: number,
): Promise<Database> {
  const { connectionString, pool, prisma } = config;
  const timeout =
    connectTimeoutMs === undefined ? {} : { connectionTimeoutMillis: connectTimeoutMs };
  if (connectionString !== undefined || pool !== undefined) {
    return openDatabase({
      ...pool,
      ...(connectionString === undefined ? {} : { connectionString }),
      ...timeout,
    });
  }
  const own = await connectionFromPrisma(prisma);
  if (own) return openDatabase({ ...own, ...timeout });
  // Prisma's own prisma+postgres:// in one of them need not hide the other.
  const url = [environment.DIRECT_URL, environment.DATABASE_URL].find(
    (it) => it !== undefined && /^postgres(ql)?:\/\//.test(it),
  );
  if (url !== undefined) return openDatabase({ connectionString: url, ...timeout });
  throw new BackupError("CONFIG_INVALID", "There is no connection to PostgreSQL to work with.", {
    hint: "Give a `connectionString`, use Prisma's `pg` driver adapter, or set DIRECT_URL or DATABASE_URL to a postgresql:// URL.",
  });
}

/** A folder per user of the system and per database, the same for every process of the app on this machine. */
export function defaultUploadDir(databaseId: string): string {
  const suffix = createHash("sha256").update(databaseId).digest("hex").slice(0, 12);
  return path.join(os.tmpdir(), `prisma-backup-admin-${process.getuid?.() ?? "user"}-${suffix}`);
}
