import { createHash } from "node:crypto";
import os from "node:os";
import path from "node:path";
import type pg from "pg";
import { z } from "zod";
import { BackupError } from "./errors.ts";
import type { OnEvent } from "./events.ts";
import { type Database, openDatabase } from "./postgres/connection/connection.ts";
import { OwnClient } from "./postgres/connection/own-client.ts";
import { type ConnectionConfig, optionsOf, schemaOf } from "./postgres/connection/own-settings.ts";
import { recogniseAccess } from "./postgres/connection/pooler.ts";
import { requireSameDatabase } from "./same-database.ts";
import { connectionFromPrisma, schemaFromPrisma } from "./schema/prisma-client.ts";
import type { SignInOptions } from "./schema/sign-in.ts";
import type { Actor, EncryptionPolicy } from "./shared/api.ts";
import { ANY_ENCRYPTION } from "./shared/encryption-policy.ts";
import { DEFAULT_MAX_UPLOAD_BYTES, MIN_COUNTED_UPLOAD_BYTES } from "./shared/limits.ts";
import { RECIPIENT } from "./shared/recipient.ts";

/**
 * What a person wants to do. A restore needs `upload`, `unlock` and `restore`, in this order.
 *
 * - `view`: see the page with its current and past operations, and cancel them. No row is shown.
 * - `backup`: make a backup and download it.
 * - `upload`: send a backup to the server, in chunks, which may take hours.
 * - `unlock`: open an uploaded backup or a safety backup with its passphrase, and see what a restore would change.
 * - `restore`: replace the data in the database.
 */
export type Action = "view" | "backup" | "upload" | "unlock" | "restore";

/** The person who sent the request, and whether that person may do it. */
export interface Visitor extends Actor {
  allowed: boolean;
  /**
   * With `allowed: false`: the address where the person can sign in again or confirm their identity, to be allowed
   * afterwards. A path without Next's `basePath`, or a whole URL. It gets the return address as `signInPath` does.
   */
  reauthenticate?: string | undefined;
}

/**
 * Says who sent a request. `null` if nobody is signed in (401, or the sign-in page), `allowed: false` for a person
 * without the right (403). Called for every page and every request. If it throws, access is denied.
 */
export type Authorize = (
  request: Request,
  context: { action: Action },
) => Promise<Visitor | null> | Visitor | null;

/** Receives what only the operator may see. `console` fits. */
export interface Logger {
  error(message: string, error?: unknown): void;
}

export interface BackupAdminOptions {
  /** The app's PrismaClient. It provides the connection and the names of models. */
  prisma: object;
  /** Required: without it nothing is protected, so nothing is created. See `prisma-backup-admin/next-auth`. */
  authorize: Authorize;
  /**
   * Default: the connection of `prisma`'s own `pg` adapter (if that is a transaction pooler, DIRECT_URL if it leads to
   * the same database), then DIRECT_URL, then DATABASE_URL.
   */
  connectionString?: string | undefined;
  /** As in `pg`: `true`, or certificates. Overrides what a connection string says. */
  ssl?: pg.ClientConfig["ssl"] | undefined;
  /** Settings for `pg.Pool` (host, port, …), instead of or in addition to `connectionString`. */
  pool?: pg.PoolConfig | undefined;
  /** Where the page is mounted, without Next's own `basePath`. Default `/admin/backup`. */
  basePath?: string | undefined;
  /** Without Next's `basePath`, or a whole URL. Default `/api/auth/signin`. */
  signInPath?: string | undefined;
  /**
   * The query parameter of `signInPath` for the address to return to, which includes Next's `basePath`. Default
   * `callbackUrl`, as in next-auth and Auth.js. Clerk uses `redirect_url`.
   */
  callbackParam?: string | undefined;
  /**
   * Where the app stores who may sign in, so that a plan can say how a restore changes their rights. Default: found by
   * usual names.
   */
  signIn?: SignInOptions | undefined;
  /** Private folder for uploads that are in progress or wait. Default: one below the system's temporary folder. */
  uploadDir?: string | undefined;
  /**
   * Private folder for safety backups, with which a restore can be undone. Use a durable disk. Default: one below
   * `uploadDir`.
   */
  safetyBackupDir?: string | undefined;
  /** Which encryption backups may have, and the public keys that always open them. Default: each person chooses. */
  policy?: Partial<EncryptionPolicy> | undefined;
  /** Default 10 GiB. */
  maxUploadBytes?: number | undefined;
  /** Limit for all waiting uploads of one person together. Default: two of the largest. */
  maxUploadBytesPerPerson?: number | undefined;
  /** Limit for all waiting uploads together. Default: four of the largest. */
  maxUploadBytesTotal?: number | undefined;
  /** An upload that is not restored is removed after this time. Default 24 hours. */
  uploadMaxAgeMs?: number | undefined;
  /** A safety backup is removed after this time. Then the restore can no longer be undone. Default 30 days. */
  safetyBackupMaxAgeMs?: number | undefined;
  /** How long a restore waits for a table that another session uses. */
  lockTimeoutMs?: number | undefined;
  /**
   * Called for each backup, unlocking, restore and deletion from the page, after it is recorded, by the process that
   * recorded it. The operation does not wait for it. What it throws is logged.
   */
  onEvent?: OnEvent | undefined;
  /** Default `console`. Receives no secrets. */
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
/**
 * Excludes `//evil.example`, which is another host, also in the spellings with backslashes and tabs that browsers
 * accept.
 */
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
 * Checks the options. Called once.
 *
 * @throws CONFIG_INVALID, which names each option that is wrong and never its value
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
 * Opens the configured database. It uses the explicit settings first, then the Prisma client's own connection, which
 * leads to the app's database, then DIRECT_URL, then DATABASE_URL. If the client's own connection is a transaction
 * pooler, DIRECT_URL may replace it. To find that out, this function connects. Otherwise the first statement does.
 *
 * If the settings are not explicit, it proves that they lead to the database that the client itself is connected to.
 *
 * @throws CONFIG_INVALID if there is no connection, or it leads to another database
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
  // If one variable contains Prisma's own prisma+postgres://, the other may still be usable.
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
    // The role's settings are the app's on either connection. Those of the direct connection override them.
    const schema = schemaOf(direct) ?? schemaOf(own);
    return openSame({ ...direct, options: optionsOf(own), schema });
  }
  const found = own ?? direct ?? database;
  if (found) return openSame(found);
  throw new BackupError("CONFIG_INVALID", "There is no connection to PostgreSQL to work with.", {
    hint: "Give a `connectionString`, use Prisma's `pg` driver adapter, or set DIRECT_URL or DATABASE_URL to a postgresql:// URL.",
  });
}

/**
 * Whether a connection is a transaction pooler for the same database. A script may have clients of several databases.
 */
async function isPoolOf(own: pg.ClientConfig, direct: pg.ClientConfig): Promise<boolean> {
  try {
    if (new OwnClient(own).database !== new OwnClient(direct).database) return false;
    return (
      (await recogniseAccess({ connectionTimeoutMillis: 15_000, ...own })) === "transaction pooler"
    );
  } catch {
    // A wrong setting will fail when it is used.
    return false;
  }
}

/** Removes SSL parameters from the connection string, because `pg` would prefer them to `ssl`. */
function withSsl(config: ConnectionConfig, ssl: pg.ClientConfig["ssl"]): ConnectionConfig {
  if (ssl === undefined) return config;
  const connectionString = config.connectionString?.replaceAll(
    /(?<=[?&])(?:ssl|sslmode|sslcert|sslkey|sslrootcert)=[^&]*&?/g,
    "",
  );
  return { ...config, ...(connectionString !== undefined && { connectionString }), ssl };
}

/** Returns a folder per system user and database. It is the same for every process of the app on this machine. */
export function defaultUploadDir({ server, pool }: Pick<Database, "server" | "pool">): string {
  const { host, port, database } = pool.options;
  const databaseId = `${server} ${host} ${port} ${database} ${process.cwd()}`;
  const suffix = createHash("sha256").update(databaseId).digest("hex").slice(0, 12);
  return path.join(os.tmpdir(), `prisma-backup-admin-${process.getuid?.() ?? "user"}-${suffix}`);
}
