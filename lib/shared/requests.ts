/**
 * The schemas by which the server checks request bodies. They are not in `api.ts`, whose values the browser loads: Zod
 * would be most of the panel's size, and it tries `new Function`, which a Content Security Policy reports.
 */
import { z } from "zod";
import { MAX_CHOSEN_ROWS } from "./limits.ts";

const tableNameSchema = z.object({ schema: z.string(), name: z.string() });
export type TableName = z.infer<typeof tableNameSchema>;

const exclusionSchema = z.object({ schema: z.string(), name: z.string().optional() });
/** A table to leave out. Without a name, the whole schema. */
export type Exclusion = z.infer<typeof exclusionSchema>;

const encryptionChoiceSchema = z.discriminatedUnion("mode", [
  z.object({ mode: z.literal("passphrase"), passphrase: z.string().max(1024) }),
  z.object({
    mode: z.literal("recipients"),
    recipients: z.array(z.string().max(4096)).min(1).max(20),
  }),
  z.object({ mode: z.literal("none") }),
]);
/** How an archive is encrypted. Always required when an archive is made: there is no default. */
export type EncryptionChoice = z.infer<typeof encryptionChoiceSchema>;
export type EncryptionMode = EncryptionChoice["mode"];

export const createBackupSchema = z.object({
  /** If left out: every table. */
  tables: z.array(tableNameSchema).min(1).optional(),
  encryption: encryptionChoiceSchema,
});
export type CreateBackup = z.infer<typeof createBackupSchema>;

const unlockSchema = z.object({
  passphrase: z.string().max(1024).optional(),
  /** The text of an age identity file, or one `AGE-SECRET-KEY-1…` line. */
  identity: z.string().max(65536).optional(),
});
/** The passphrase or private key that opens an encrypted archive. */
export type Unlock = z.infer<typeof unlockSchema>;

/**
 * What happens to existing rows.
 * `replace`: afterwards a table has exactly the backup's rows. `if-empty`: the same, but refused if a table has rows.
 * `keep-existing`: existing rows with the same key stay as they are. The other rows of the backup are added.
 * `overwrite`: existing rows with the same key become the backup's. The other rows of the backup are added.
 * The last two remove nothing, and need tables with a primary or unique key.
 */
export const restoreModeSchema = z.enum(["replace", "if-empty", "keep-existing", "overwrite"]);
export type RestoreMode = z.infer<typeof restoreModeSchema>;

const restoreScopeSchema = z
  .object({
    mode: restoreModeSchema,
    /** If left out: every table of the backup. */
    tables: z.array(tableNameSchema).min(1).optional(),
    /** Tables to leave unchanged, although tables that they refer to, or that refer to them, are restored. */
    exclude: z.array(exclusionSchema).min(1).optional(),
    /** The hosting platform's tables to restore with the whole backup. `tables` and `rows` name them directly. */
    include: z.array(exclusionSchema).min(1).optional(),
    /** Restore only these rows, instead of `tables`. Only with `keep-existing` or `overwrite`. */
    rows: z
      .array(
        tableNameSchema.extend({
          /** Positions of the rows in the table's array in the archive, from 1. */
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
/** Which part of the backup is restored, and how. */
export type RestoreScope = z.infer<typeof restoreScopeSchema>;

export const createRestoreSchema = unlockSchema.extend({
  /** Id of the person's own upload. Required unless `undo` is set. */
  uploadId: z.string().max(200).optional(),
  /** Id of a restore whose safety backup is restored. */
  undo: z.string().max(200).optional(),
  /** If left out: everything is replaced. */
  scope: restoreScopeSchema.optional(),
  /** Whether a trial run follows the check. It takes about as long as the restore. */
  rehearse: z.boolean().optional(),
});
export type CreateRestore = z.infer<typeof createRestoreSchema>;

export const planRestoreSchema = z.object({ scope: restoreScopeSchema, rehearse: z.boolean() });
/** Plans a waiting restore again, and rehearses it. */
export type PlanRestore = z.infer<typeof planRestoreSchema>;

export const startRestoreSchema = z.object({
  /** The name of the database whose data will be replaced, as the person typed it. */
  confirmation: z.string().max(200),
  /** The plan that the person has seen. If the present one differs, nothing is started. Default: the present one. */
  planId: z.string().max(200).optional(),
  /** That the person has seen the plan's drift. Required if there is any. */
  acceptDrift: z.boolean().optional(),
  /** Whether to save the current data first, so that the restore can be undone. Default true. */
  safetyBackup: z.boolean().optional(),
});
export type StartRestore = z.infer<typeof startRestoreSchema>;

/**
 * backup: pending (created, download not begun) → running → succeeded | failed | cancelled | interrupted
 * restore: running with stage check, then rehearsal → ready (waits for a person) → running with these stages again, if
 * it is planned again → ready → … → running with stage safety-backup, then restore → …
 * With stage rehearsal, the plan is that of the trial run, and the next step can be requested already.
 * `interrupted` is an operation whose process died.
 */
const operationStateSchema = z.enum([
  "pending",
  "running",
  "ready",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
]);
export type OperationState = z.infer<typeof operationStateSchema>;

const operationKindSchema = z.enum(["backup", "restore"]);
export type OperationKind = z.infer<typeof operationKindSchema>;

/** Query parameters. Without a state, the client has no earlier answer. */
export const knownOperationSchema = z.strictObject({
  state: operationStateSchema.optional(),
  startedAt: z.string().max(100).optional(),
});

/** Query parameters. */
export const activityFilterSchema = z.strictObject({
  kind: operationKindSchema.optional(),
  state: operationStateSchema.optional(),
  /** Part of a file's name, a person's name or id, an operation's id, or a SHA-256. */
  search: z.string().max(200).optional(),
  /** Starts at 1. A page has 25 operations. */
  page: z
    .string()
    .regex(/^[1-9]\d{0,5}$/)
    .transform(Number)
    .optional(),
});
export type ActivityFilter = z.output<typeof activityFilterSchema>;
