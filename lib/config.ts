import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import type pg from "pg";
import { z } from "zod";
import { BackupError } from "./errors.ts";
import type { OnEvent } from "./events.ts";
import { type Database, openDatabase } from "./postgres/connection.ts";
import { OwnClient } from "./postgres/own-client.ts";
import { type ConnectionConfig, optionsOf, schemaOf } from "./postgres/own-settings.ts";
import { recogniseAccess } from "./postgres/pooler.ts";
import { requireSameDatabase } from "./same-database.ts";
import { connectionFromPrisma, schemaFromPrisma } from "./schema/prisma-client.ts";
import type { SignInOptions } from "./schema/sign-in.ts";
import type { Actor, EncryptionPolicy } from "./shared/api.ts";
import { ANY_ENCRYPTION } from "./shared/encryption-policy.ts";
import { DEFAULT_MAX_UPLOAD_BYTES, MIN_COUNTED_UPLOAD_BYTES } from "./shared/limits.ts";
import { RECIPIENT } from "./shared/recipient.ts";

/**
 * What a person wants to do. A restore takes `upload`, `unlock` and `restore`, in this order.
 *
 * - `view`: see the page, what runs and has run, and cancel it. No row is shown.
 * - `backup`: make a backup and download it.
 * - `upload`: send a backup to the server, in pieces, which may take hours.
 * - `unlock`: open an uploaded backup or a safety backup with its passphrase, and see what a restore would change.
 * - `restore`: replace what is in the database.
 */
export type Action = "view" | "backup" | "upload" | "unlock" | "restore";

/** Who asks, and whether that person may do it. */
export interface Visitor extends Actor {
  allowed: boolean;
  /**
   * With `allowed: false`: where the person can sign in again, or confirm who it is, to be allowed. A path without
   * Next's `basePath`, or a whole URL. It gets the way back as `signInPath` does.
   */
  reauthenticate?: string | undefined;
}

/**
 * Says who sends a request: `null` where nobody is signed in (401, or the sign-in page), `allowed: false`
 * for a person without the right (403). Asked for every page and every request; where it throws, access is denied.
 */
export type Authorize = (
  request: Request,
  context: { action: Action },
) => Promise<Visitor | null> | Visitor | null;

/** Where to report what only the operator may see. `console` is one. */
export interface Logger {
  error(message: string, error?: unknown): void;
}

export interface BackupAdminOptions {
  /** The app's PrismaClient: gives the connection and the names of models. */
  prisma: object;
  /** Required: without it nothing is protected, so nothing is created. See `prisma-backup-admin/next-auth`. */
  authorize: Authorize;
  /**
   * Default: the connection of `prisma`'s own `pg` adapter (where that is a transaction pooler, DIRECT_URL of the same
   * database), then DIRECT_URL, then DATABASE_URL.
   */
  connectionString?: string | undefined;
  /** As `pg` takes it: `true`, or certificates. Counts more than what a connection string says. */
  ssl?: pg.ClientConfig["ssl"] | undefined;
  /** As `pg` takes it (host, port, …), instead of or beside `connectionString`. */
  pool?: pg.PoolConfig | undefined;
  /** Where the page is mounted, without Next's own `basePath`. Default `/admin/backup`. */
  basePath?: string | undefined;
  /** Without Next's `basePath`, or a whole URL. Default `/api/auth/signin`. */
  signInPath?: string | undefined;
  /**
   * The query parameter in which `signInPath` gets the page's address, with Next's `basePath`, to come back to. Default
   * `callbackUrl`, as of next-auth and Auth.js; Clerk has `redirect_url`.
   */
  callbackParam?: string | undefined;
  /** Where the app keeps who may sign in, so that a plan can say what a restore does to their rights. Default: found by usual names. */
  signIn?: SignInOptions | undefined;
  /** Private folder for uploads on their way. Default: one below the system's temporary folder. */
  uploadDir?: string | undefined;
  /** Private folder for safety backups, for the undo of a restore: on a durable disk. Default: one below `uploadDir`. */
  safetyBackupDir?: string | undefined;
  /** Which encryption backups may have, and for whom they always are. Default: as each person chooses. */
  policy?: Partial<EncryptionPolicy> | undefined;
  /** Default 10 GiB. */
  maxUploadBytes?: number | undefined;
  /** Of all uploads of one person that wait. Default two of the largest. */
  maxUploadBytesPerPerson?: number | undefined;
  /** Of all uploads that wait. Default four of the largest. */
  maxUploadBytesTotal?: number | undefined;
  /** An upload that nobody restores is removed after this time. Default 24 hours. */
  uploadMaxAgeMs?: number | undefined;
  /** After this time a safety backup is removed, and the restore cannot be undone any more. Default 30 days. */
  safetyBackupMaxAgeMs?: number | undefined;
  /** How long a restore waits for a table that somebody else uses. */
  lockTimeoutMs?: number | undefined;
  /**
   * Called for each backup, unlocking, restore and deletion from the page, once it is recorded, by the process that recorded it.
   * Nobody waits for it, and what it throws is logged.
   */
  onEvent?: OnEvent | undefined;
  /** Default `console`. Gets no secrets. */
  logger?: Logger | undefined;
}

type Unset =
  | "connectionString"
  | "ssl"
  | "pool"
  | "uploadDir"
  | "safetyBackupDir"
  | "maxUploadBytesPerPerson"
  | "maxUploadBytesTotal"
  | "lockTimeoutMs"
  | "onEvent";

export type Config = Readonly<
  {
    [Name in Exclude<keyof BackupAdminOptions, Unset | "policy">]-?: NonNullable<
      BackupAdminOptions[Name]
    >;
  } & Pick<BackupAdminOptions, Unset> & { policy: EncryptionPolicy }
>;

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null;
/** Not another host's `//evil.example`, also as browsers read backslashes and tabs. */
export const PATH_OR_URL = /^(\/(?![/\\\s])|https?:\/\/)[^\t\n\r]*$/;
const pathSchema = z
  .string()
  .regex(/^(\/[^/?#\s]+)+$/, "must begin with a slash and not end with one, as /admin/backup");

const policySchema = z
  .strictObject({
    encryption: z
      .array(z.enum(["passphrase", "recipients", "none"]))
      .min(1)
      .optional(),
    recipients: z
      .array(z.string().regex(RECIPIENT, "must be an age public key, which begins with age1"))
      .min(1)
      .max(10)
      .optional(),
  })
  .refine(
    ({ encryption = ["recipients"], recipients }) =>
      !recipients || encryption.every((mode) => mode === "recipients"),
    'with `recipients` allows no other `encryption` than ["recipients"]',
  )
  .transform(
    ({ encryption, recipients = [] }): EncryptionPolicy => ({
      encryption:
        recipients.length > 0 ? ["recipients"] : (encryption ?? ANY_ENCRYPTION.encryption),
      recipients,
    }),
  );

const optionsSchema = z.strictObject({
  prisma: z.custom<object>(isObject, "must be the app's PrismaClient"),
  authorize: z.custom<Authorize>(
    (value) => typeof value === "function",
    "is required: a function that says who may back up and restore the database",
  ),
  connectionString: z.string().min(1).optional(),
  ssl: z
    .custom<pg.ClientConfig["ssl"]>(
      (value) => typeof value === "boolean" || isObject(value),
      "must be true, false, or settings as tls.connect takes them",
    )
    .optional(),
  pool: z.custom<pg.PoolConfig>(isObject, "must be settings as pg.Pool takes them").optional(),
  basePath: pathSchema.default("/admin/backup"),
  signInPath: z
    .string()
    .regex(PATH_OR_URL, "must be a path or an http(s) URL")
    .default("/api/auth/signin"),
  callbackParam: z
    .string()
    .regex(/^[\w.~-]{1,100}$/, "must be the name of a query parameter: letters, digits, - _ . ~")
    .default("callbackUrl"),
  signIn: z
    .strictObject({
      model: z.string().min(1).optional(),
      roleField: z.string().min(1).optional(),
      adminRoles: z.array(z.string().min(1)).min(1).optional(),
      passwordField: z.string().min(1).optional(),
    })
    .default({}),
  uploadDir: z.string().min(1).optional(),
  safetyBackupDir: z.string().min(1).optional(),
  policy: policySchema.default(ANY_ENCRYPTION),
  maxUploadBytes: z.int().positive().default(DEFAULT_MAX_UPLOAD_BYTES),
  maxUploadBytesPerPerson: z.int().min(MIN_COUNTED_UPLOAD_BYTES).optional(),
  maxUploadBytesTotal: z.int().min(MIN_COUNTED_UPLOAD_BYTES).optional(),
  safetyBackupMaxAgeMs: z
    .int()
    .min(60_000)
    .default(30 * 24 * 60 * 60 * 1000),
  uploadMaxAgeMs: z
    .int()
    .min(60_000)
    .default(24 * 60 * 60 * 1000),
  lockTimeoutMs: z.int().positive().optional(),
  onEvent: z
    .custom<OnEvent>((value) => typeof value === "function", "must be a function")
    .optional(),
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
 * Opens the configured database: the explicit settings first, then the Prisma client's own connection, so that it is
 * the database that the app uses, then DIRECT_URL, then DATABASE_URL. Nothing connects until the first statement, but to see whether the client's own
 * is a transaction pooler, where DIRECT_URL may take its place.
 *
 * What was not given outright is proven to be the database that the client itself is connected to.
 *
 * @throws CONFIG_INVALID where none of them is there, or leads to another database
 */
export async function openConfiguredDatabase(
  config: Pick<Config, "prisma" | "connectionString" | "ssl" | "pool">,
  environment: Record<string, string | undefined> = process.env,
  connectTimeoutMs?: number,
): Promise<Database> {
  const { connectionString, pool, prisma, ssl } = config;
  const open = (given: ConnectionConfig) =>
    openDatabase(
      withSsl(
        {
          ...given,
          ...(connectTimeoutMs !== undefined && { connectionTimeoutMillis: connectTimeoutMs }),
        },
        ssl,
      ),
    );
  if (connectionString !== undefined || pool !== undefined) {
    const given = { ...pool, ...(connectionString !== undefined && { connectionString }) };
    return open({ ...given, schema: schemaOf(given) ?? schemaFromPrisma(prisma) });
  }
  // Prisma's own prisma+postgres:// in one of them need not hide the other.
  const [direct, database] = [environment.DIRECT_URL, environment.DATABASE_URL].map((url) =>
    url !== undefined && /^postgres(ql)?:\/\//.test(url) ? { connectionString: url } : null,
  );
  const own = await connectionFromPrisma(prisma);
  const openSame = async (given: ConnectionConfig) => {
    const opened = open(given);
    try {
      await requireSameDatabase(prisma, opened, given === own);
      return opened;
    } catch (error) {
      await opened.close();
      throw error;
    }
  };
  if (own && direct && (await isPoolOf(withSsl(own, ssl), direct))) {
    // The role's settings are the app's, whichever way leads to the database; its own count more.
    const schema = schemaOf(direct) ?? schemaOf(own);
    return openSame({ ...direct, options: optionsOf(own), schema });
  }
  const found = own ?? direct ?? database;
  if (found) return openSame(found);
  throw new BackupError("CONFIG_INVALID", "There is no connection to PostgreSQL to work with.", {
    hint: "Give a `connectionString`, use Prisma's `pg` driver adapter, or set DIRECT_URL or DATABASE_URL to a postgresql:// URL.",
  });
}

/** Whether it is a transaction pooler, and of the same database: a script may have clients of several. */
async function isPoolOf(own: pg.ClientConfig, direct: pg.ClientConfig): Promise<boolean> {
  try {
    if (new OwnClient(own).database !== new OwnClient(direct).database) return false;
    return (
      (await recogniseAccess({ connectionTimeoutMillis: 15_000, ...own })) === "transaction pooler"
    );
  } catch {
    // What is wrong with it shows when it is used.
    return false;
  }
}

/** `pg` prefers what the connection string says. */
function withSsl(config: ConnectionConfig, ssl: pg.ClientConfig["ssl"]): ConnectionConfig {
  if (ssl === undefined) return config;
  const connectionString = config.connectionString?.replaceAll(
    /(?<=[?&])(?:ssl|sslmode|sslcert|sslkey|sslrootcert)=[^&]*&?/g,
    "",
  );
  return { ...config, ...(connectionString !== undefined && { connectionString }), ssl };
}

/** A folder per user of the system and per database, the same for every process of the app on this machine. */
export function defaultUploadDir({ server, pool }: Pick<Database, "server" | "pool">): string {
  const { host, port, database } = pool.options;
  const databaseId = `${server} ${host} ${port} ${database} ${process.cwd()}`;
  const suffix = createHash("sha256").update(databaseId).digest("hex").slice(0, 12);
  return path.join(os.tmpdir(), `prisma-backup-admin-${process.getuid?.() ?? "user"}-${suffix}`);
}
