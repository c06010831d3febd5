/** What the options of `PrismaBackup` and `PrismaRestore` have in common. */
import type pg from "pg";
import { z } from "zod";
import { BackupError } from "./errors.ts";
import { describeIssues, functionOf, isObject, poolSchema } from "./option-schemas.ts";
import type { Database } from "./postgres/connection/connection.ts";
import { translateDatabaseError } from "./postgres/errors/database-error.ts";
import { requireNode } from "./require-node.ts";
import type { Catalog } from "./schema/catalog.ts";
import { readCatalog } from "./schema/read-catalog.ts";
import type { OnProgress } from "./shared/progress.ts";

/** What this library adds to the options of both classes. */
export interface ClassOptions {
  /** Default: the connection of the client's own `pg` adapter, then DIRECT_URL, then DATABASE_URL. */
  connectionString?: string | undefined;
  /** Settings for `pg.Pool` (host, ssl, …), instead of or in addition to `connectionString`. */
  pool?: pg.PoolConfig | undefined;
  /**
   * Schemas that the hosting platform manages (`auth`), or tables in them (`auth.users`, or a model's name), to
   * include. By default they are left out and named in the warnings.
   */
  include?: readonly string[] | undefined;
  /** Called with the plan, each phase, and each table's rows and bytes so far. Never receives row data. */
  onProgress?: OnProgress | undefined;
  /** Cancels the operation. A cancelled backup leaves no file, and a cancelled restore changes nothing. */
  signal?: AbortSignal | undefined;
}

export const classOptionsShape = {
  folderName: z.string("is required: a path").min(1, "is required: a path"),
  database: z.literal("postgres", "must be 'postgres': no other database is supported"),
  encrypt: z.boolean("must be true or false").optional(),
  password: z.string("must be a text").max(1024).optional(),
  isTesting: z.boolean("must be true or false").optional(),
  connectionString: z.string("must be a text").min(1).optional(),
  pool: poolSchema.optional(),
  include: z.array(z.string("must be a name")).optional(),
  onProgress: functionOf<OnProgress>().optional(),
  signal: z
    .custom<AbortSignal>((value) => value instanceof AbortSignal, "must be an AbortSignal")
    .optional(),
};

/** Checks the arguments of a class. @throws CONFIG_INVALID, which names each wrong option and never its value */
export function parseClassOptions<Schema extends z.ZodType>(
  name: "PrismaBackup" | "PrismaRestore",
  prisma: unknown,
  schema: Schema,
  options: unknown,
): z.infer<Schema> {
  requireNode();
  const parsed = schema.safeParse(options);
  const problems = isObject(prisma) ? [] : ["the first argument must be the app's PrismaClient"];
  problems.push(...describeIssues(parsed.error));
  if (parsed.success && problems.length === 0) return parsed.data;
  throw new BackupError("CONFIG_INVALID", `${name}: ${problems.join("; ")}.`, {
    hint: `Correct the options of ${name}. Nothing was begun.`,
  });
}

/**
 * Makes a signal that aborts with an ABORTED error and a message for people. It aborts when `signal` does, whatever the
 * reason, and when the `onProgress` wrapped by `tell` fails. `release` stops listening to `signal`.
 */
export function abortAs(
  signal: AbortSignal | undefined,
  message: string,
): { signal: AbortSignal; tell: (onProgress?: OnProgress) => OnProgress; release: () => void } {
  const controller = new AbortController();
  const abort = () =>
    controller.abort(new BackupError("ABORTED", message, { cause: signal?.reason }));
  if (signal?.aborted) abort();
  signal?.addEventListener("abort", abort, { once: true });
  const failed = (cause: unknown) =>
    controller.abort(new BackupError("ABORTED", `\`onProgress\` failed. ${message}`, { cause }));
  return {
    signal: controller.signal,
    tell: (onProgress) => (event) => {
      try {
        // `onProgress` may be async. Catch its rejection, or it would end the process.
        void Promise.resolve<unknown>(onProgress?.(event)).catch(failed);
      } catch (error) {
        failed(error);
      }
    },
    release: () => signal?.removeEventListener("abort", abort),
  };
}

/** Reads the catalog by a connection of its own. */
export async function readCatalogOf(
  database: Database,
  purpose: "backup" | "check",
  failure: Parameters<typeof translateDatabaseError>[1],
): Promise<Catalog> {
  try {
    const client = await database.connect(purpose);
    return await readCatalog(client).finally(() => client.end());
  } catch (error) {
    throw translateDatabaseError(error, failure);
  }
}
