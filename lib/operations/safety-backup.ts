/** A backup of the current data before a restore, so that the restore can be undone. */
import path from "node:path";
import { DigestStream } from "../archive/digest.ts";
import type { ArchiveKey } from "../archive/encryption.ts";
import { createBackupFile } from "../backup/create-backup-file.ts";
import { BackupError } from "../errors.ts";
import { isStorageDamage } from "../postgres/errors/damage.ts";
import type { CatalogTable } from "../schema/catalog.ts";
import type { RestorePlan, SafetyBackupPlan, TableName } from "../shared/api.ts";
import { describeModes } from "../shared/encryption-policy.ts";
import { formatBytes, formatSome } from "../shared/format.ts";
import { UPLOAD_SPARE_BYTES } from "../shared/limits.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { toBackupError } from "../to-backup-error.ts";
import type { Context } from "./context.ts";
import { safetyBackupKey } from "./encryption-policy.ts";
import { ended, type LiveOperation } from "./live-operation.ts";
import { notify } from "./notify.ts";
import { writeFacts } from "./operation-store.ts";
import { queryOperations } from "./operations-schema.ts";
import { TABLE } from "./stored-operation.ts";
import { describeUpload } from "./uploads/describe-upload.ts";

/** The safety backups of so many newest restores are kept. */
const KEPT = 3;

/** Room for what an archive contains besides its tables. */
const OVERHEAD_BYTES = 2 ** 20;

/** Says whether the tables that a plan changes can be backed up, and creates the folder. */
export async function planSafetyBackup(
  { config, safetyBackups }: Context,
  archiveKey: ArchiveKey,
  planned: RestorePlan["tables"],
  tables: readonly CatalogTable[],
): Promise<SafetyBackupPlan> {
  const changing = planned.filter(({ action }) => action !== "skip");
  const wanted = new Set(changing.map((table) => tableKey(table)));
  // An upper bound: the rows as compressed text are smaller than the tables with their indexes.
  const neededBytes = tables
    .filter((table) => wanted.has(tableKey(table)))
    .reduce((sum, { sizeBytes }) => sum + sizeBytes, OVERHEAD_BYTES);
  const impossible = (message: string, freeBytes = 0): SafetyBackupPlan => ({
    possible: false,
    message,
    neededBytes,
    freeBytes,
  });
  const key = safetyBackupKey(config.policy, archiveKey);
  if (!key) return impossible(notAllowed(config));
  const damaged = changing.filter(({ isDamaged }) => isDamaged);
  if (damaged.length > 0)
    return impossible(
      `The current data cannot be read: the server's storage is damaged (${formatSome(damaged.map(tableLabel))}).`,
    );
  try {
    const { freeBytes } = await safetyBackups.open();
    const room = { neededBytes, freeBytes };
    if (!hasRoom(room)) return impossible(noRoom(room), freeBytes);
    const message = `It stays on the server. ${opensWith(key, archiveKey)}`;
    return { possible: true, message, ...room };
  } catch (error) {
    return impossible(unusable(error));
  }
}

/** Call it right before the start: room and policy may have changed since the plan. @throws SAFETY_BACKUP_FAILED */
export async function requireRoom(
  { config, safetyBackups }: Context,
  plan: SafetyBackupPlan | null,
  archiveKey: ArchiveKey,
): Promise<void> {
  if (!safetyBackupKey(config.policy, archiveKey)) throw failed(notAllowed(config), {}, WITHOUT_IT);
  const neededBytes = plan?.neededBytes ?? 0;
  const { freeBytes } = await safetyBackups.open().catch((error: unknown) => {
    throw failed(unusable(error), { cause: error });
  });
  if (hasRoom({ neededBytes, freeBytes })) return;
  throw failed(noRoom({ neededBytes, freeBytes }), { details: { neededBytes, freeBytes } });
}

/**
 * Backs up the tables and reads the file back from the disk, because an unreadable backup is worthless.
 * @throws SAFETY_BACKUP_FAILED, ABORTED; INTERRUPTED if the restore has been ended in the meantime
 */
export async function makeSafetyBackup(
  { config, database, models, safetyBackups }: Context,
  { id, onProgress }: LiveOperation,
  what: { tables: readonly TableName[]; archiveKey: ArchiveKey; signal: AbortSignal },
): Promise<void> {
  const { tables, archiveKey, signal } = what;
  if (tables.length === 0) return;
  const key = safetyBackupKey(config.policy, archiveKey);
  if (!key) throw failed(notAllowed(config), {}, WITHOUT_IT);
  const createdAt = new Date().toISOString();
  const path = safetyBackups.pathOf(id);
  const digest = new DigestStream();
  try {
    await safetyBackups.open();
    await createBackupFile({
      ...{ path, kind: "zip", digest, database, models, tables, key, onProgress, signal },
      lockTimeoutMs: config.lockTimeoutMs,
    });
    const written = digest.digest();
    const stored = await describeUpload(path, signal);
    if (stored.sha256 !== written.sha256 || stored.sizeBytes !== written.bytes)
      throw new BackupError("INTERNAL", "What the disk gives back is not what was written to it.");
  } catch (error) {
    if (signal.aborted) throw toBackupError(signal.reason);
    const { message, cause } = toBackupError(error);
    throw isStorageDamage(cause)
      ? failed(`${CANNOT_READ} ${message}`, { cause: error }, WITHOUT_IT)
      : failed(`The current data could not be saved. ${message}`, { cause: error });
  }
  const sizeBytes = digest.bytes;
  const safetyBackup = { createdAt, sizeBytes, encryption: key.mode, isKept: true };
  if (await writeFacts(database, id, { safetyBackup })) return;
  throw ended();
}

/**
 * Removes all safety backups but those of the newest three restores, and those that are too old or not needed. It never
 * removes one that a restore still reads, or a file that this database has no record of.
 * @param spared a restore whose safety backup stays, whatever its age
 */
export async function tidySafetyBackups(
  { config, database, safetyBackups }: Pick<Context, "config" | "database" | "safetyBackups">,
  spared: string | null = null,
): Promise<void> {
  const outdated = await queryOperations<{ id: string; sizeBytes: number; isTooOld: boolean }>(
    database,
    `UPDATE ${TABLE} kept SET safety_backup = jsonb_set(safety_backup, '{isKept}', 'false')
     WHERE id IN (
         SELECT id FROM (
           SELECT id, safety_backup ->> 'createdAt' AS made, row_number() OVER (ORDER BY safety_backup ->> 'createdAt' DESC) AS place
           FROM ${TABLE} WHERE state = 'succeeded' AND (safety_backup ->> 'isKept')::boolean) s
         WHERE place > $1 OR made::timestamptz < clock_timestamp() - $3 * interval '1 millisecond')
       AND id IS DISTINCT FROM $2
       AND NOT EXISTS (SELECT FROM ${TABLE} undo WHERE undo.undoes = kept.id AND undo.state IN ('running', 'ready'))
     RETURNING id::text, (safety_backup ->> 'sizeBytes')::float8 AS "sizeBytes",
       (safety_backup ->> 'createdAt')::timestamptz < clock_timestamp() - $3 * interval '1 millisecond' AS "isTooOld"`,
    [KEPT, spared, config.safetyBackupMaxAgeMs],
  );
  await removeFiles({ database, safetyBackups });
  for (const { id: operationId, sizeBytes, isTooOld } of outdated) {
    const fileName = path.basename(safetyBackups.pathOf(operationId));
    const reason = isTooOld ? "expired" : "replaced";
    const about = { at: new Date().toISOString(), actor: null, operationId, fileName, sizeBytes };
    notify({ config }, { type: "safety-backup.removed", ...about, reason });
  }
}

async function removeFiles({
  database,
  safetyBackups,
}: Pick<Context, "database" | "safetyBackups">): Promise<void> {
  const files = await safetyBackups.list();
  if (files.length === 0) return;
  const removable = await queryOperations<{ id: string }>(
    database,
    `SELECT id::text FROM ${TABLE}
     WHERE id = ANY ($1::uuid[]) AND state IN ('succeeded', 'failed', 'cancelled', 'interrupted')
       AND changed <> 'unknown' AND NOT coalesce((safety_backup ->> 'isKept')::boolean, false)`,
    [files],
  );
  for (const { id } of removable) await safetyBackups.remove(id);
}

type Room = Pick<SafetyBackupPlan, "neededBytes" | "freeBytes">;

const hasRoom = ({ neededBytes, freeBytes }: Room): boolean =>
  neededBytes + UPLOAD_SPARE_BYTES <= freeBytes;

const noRoom = ({ neededBytes, freeBytes }: Room): string =>
  `The server's disk has not enough room to save the current data. It may take ${formatBytes(neededBytes)}, ${formatBytes(UPLOAD_SPARE_BYTES)} have to stay free, and ${formatBytes(freeBytes)} are free.`;

const unusable = (error: unknown): string =>
  error instanceof BackupError
    ? error.message
    : "The folder for safety backups cannot be made or written.";

const CANNOT_READ = "The current data cannot be read, so it cannot be saved.";

const WITHOUT_IT =
  "The restore does not need the current data. Start again without a safety backup. Then you cannot undo the restore.";

const notAllowed = ({ policy }: Context["config"]): string =>
  `The current data cannot be saved. A safety backup is encrypted like the backup that you restore, and this app allows backups only ${describeModes(policy)}.`;

function opensWith(key: ArchiveKey, archiveKey: ArchiveKey): string {
  if (key.mode !== archiveKey.mode)
    return "It opens with a private key of the public keys for which this app makes every backup.";
  return OPENS[key.mode];
}

const OPENS = {
  passphrase: "It opens with the same passphrase as this backup.",
  recipients: "It opens with the same private key as this backup.",
  none: "Like this backup, it is not encrypted. Anyone who can read the server's disk can read it.",
} as const;

const failed = (
  what: string,
  options: { details?: Record<string, unknown>; cause?: unknown } = {},
  hint = "Free some room on the server's disk, or correct `safetyBackupDir`, and start again. Or start without a safety backup. Then you cannot undo the restore.",
): BackupError =>
  new BackupError("SAFETY_BACKUP_FAILED", `${what} Nothing was changed.`, { hint, ...options });
