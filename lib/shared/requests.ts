/**
 * The bodies of requests, as the server checks them. Apart from `api.ts`, whose values the browser loads: Zod would
 * be most of the panel, and tries `new Function`, which a Content Security Policy reports.
 */
import { z } from "zod";

export const tableNameSchema = z.object({ schema: z.string(), name: z.string() });
export type TableName = z.infer<typeof tableNameSchema>;

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

export const createRestoreSchema = unlockSchema.extend({
  uploadId: z.string().max(200),
  /** Whether the check is followed by a rehearsal, which takes about as long as the restore. */
  rehearse: z.boolean().optional(),
});
export type CreateRestore = z.infer<typeof createRestoreSchema>;

export const startRestoreSchema = z.object({
  /** The name of the database that will be replaced, typed by the person. */
  confirmation: z.string().max(200),
});
export type StartRestore = z.infer<typeof startRestoreSchema>;
