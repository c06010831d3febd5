/**
 * The bodies of requests, as the server checks them. Apart from `api.ts`, whose values the browser loads: Zod would
 * be most of the panel, and tries `new Function`, which a Content Security Policy reports.
 */
import { z } from "zod";
import { MAX_CHOSEN_ROWS } from "./limits.ts";

const tableNameSchema = z.object({ schema: z.string(), name: z.string() });
export type TableName = z.infer<typeof tableNameSchema>;

const exclusionSchema = z.object({ schema: z.string(), name: z.string().optional() });
/** A table that is left out; without a name, everything that is in the schema. */
export type Exclusion = z.infer<typeof exclusionSchema>;

const encryptionChoiceSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("passphrase"), passphrase: z.string().max(1024) }),
  z.object({
    mode: z.literal("recipients"),
    recipients: z.array(z.string().max(4096)).min(1).max(20),
  }),
  z.object({ mode: z.literal("none") }),
]);
/** How an archive is encrypted. A required choice wherever an archive is made: there is no default. */
export type EncryptionChoice = z.infer<typeof encryptionChoiceSchema>;
export type EncryptionMode = EncryptionChoice["mode"];

export const createBackupSchema = z.object({
  /** Left out: every table. */
  tables: z.array(tableNameSchema).min(1).optional(),
  encryption: encryptionChoiceSchema,
});
export type CreateBackup = z.infer<typeof createBackupSchema>;

const unlockSchema = z.object({
  passphrase: z.string().max(1024).optional(),
  /** The text of an age identity file, or one `AGE-SECRET-KEY-1…` line. */
  identity: z.string().max(65536).optional(),
});
/** What opens an encrypted archive. */
export type Unlock = z.infer<typeof unlockSchema>;

/**
 * How the backup's rows meet those that are there.
 * `replace`: a table's rows are exactly the backup's. `if-empty`: the same, and refused where a table has rows.
 * `keep-existing`: rows whose key is there already stay as they are; the others are added.
 * `overwrite`: rows whose key is there already become the backup's; the others are added.
 * The last two remove nothing, and need tables with a primary or unique key.
 */
export const restoreModeSchema = z.enum(["replace", "if-empty", "keep-existing", "overwrite"]);
export type RestoreMode = z.infer<typeof restoreModeSchema>;

const restoreScopeSchema = z
  .object({
    mode: restoreModeSchema,
    /** Left out: every table of the backup. */
    tables: z.array(tableNameSchema).min(1).optional(),
    /**
     * Not these, of the backup or of the database: their rows stay as they are, although tables that they refer to,
     * or that refer to them, are restored.
     */
    exclude: z.array(exclusionSchema).min(1).optional(),
    /** These too, of the whole backup, although they are the hosting platform's. `tables` and `rows` name such tables themselves. */
    include: z.array(exclusionSchema).min(1).optional(),
    /** Only these rows, instead of `tables`. Only with `keep-existing` or `overwrite`. */
    rows: z
      .array(
        tableNameSchema.extend({
          /** Places of the rows in the table's array in the archive, from 1. */
          places: z.array(z.int().positive()).min(1),
        }),
      )
      .min(1)
      .optional(),
  })
  .refine(
    ({ rows = [] }) => rows.reduce((sum, { places }) => sum + places.length, 0) <= MAX_CHOSEN_ROWS,
    `at most ${MAX_CHOSEN_ROWS} rows can be chosen one by one`,
  );
/** What of the backup comes back, and how. */
export type RestoreScope = z.infer<typeof restoreScopeSchema>;

export const createRestoreSchema = unlockSchema.extend({
  /** An upload of one's own; or else `undo`. */
  uploadId: z.string().max(200).optional(),
  /** Id of a restore, whose safety backup is restored. */
  undo: z.string().max(200).optional(),
  /** Left out: everything is replaced. */
  scope: restoreScopeSchema.optional(),
  /** Whether the check is followed by a rehearsal, which takes about as long as the restore. */
  rehearse: z.boolean().optional(),
});
export type CreateRestore = z.infer<typeof createRestoreSchema>;

export const planRestoreSchema = z.object({
  scope: restoreScopeSchema,
  rehearse: z.boolean(),
});
/** Plans a restore that waits for its start anew, and rehearses it. */
export type PlanRestore = z.infer<typeof planRestoreSchema>;

export const startRestoreSchema = z.object({
  /** The name of the database that will be replaced, typed by the person. */
  confirmation: z.string().max(200),
  /** That the person has seen the plan's drift. Needed where there is any. */
  acceptDrift: z.boolean().optional(),
  /** Whether to keep what is there now, for an undo. Default true. */
  safetyBackup: z.boolean().optional(),
});
export type StartRestore = z.infer<typeof startRestoreSchema>;

const operationStateSchema = z.enum([
  "pending",
  "running",
  "ready",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
]);

/** Query parameters. Without a state, nothing is known. */
export const knownOperationSchema = z.strictObject({
  state: operationStateSchema.optional(),
  startedAt: z.string().max(100).optional(),
});

/** Query parameters; a page is a number in text. */
export const activityFilterSchema = z.strictObject({
  kind: z.enum(["backup", "restore"]).optional(),
  state: operationStateSchema.optional(),
  search: z.string().max(200).optional(),
  page: z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number)
    .optional(),
});
