/** A backup of the current data before a restore, so that the restore can be undone. */
import path from "node:path";
import { DigestStream } from "../archive/digest.ts";
import type { ArchiveKey } from "../archive/encryption.ts";
import { createBackupFile } from "../backup/create-backup-file.ts";
import { BackupError } from "../errors.ts";
import { isStorageDamage } from "../postgres/damage.ts";
import { readCatalog } from "../schema/read-catalog.ts";
import type { SafetyBackupPlan, TableName } from "../shared/api.ts";
import { describeModes } from "../shared/encryption-policy.ts";
import { formatBytes, formatSome } from "../shared/format.ts";
import { UPLOAD_SPARE_BYTES } from "../shared/limits.ts";
import { tableKey, tableLabel } from "../shared/table-name.ts";
import { toBackupError } from "../to-backup-error.ts";
import type { Context } from "./context.ts";
import { safetyBackupKey } from "./encryption-policy.ts";
import type { LiveOperation } from "./live-operation.ts";
import { notify } from "./notify.ts";
import { TABLE, writeFacts } from "./operation-store.ts";
import { queryOperations } from "./operations-schema.ts";
import { KEPT } from "./safety-backup-policy.ts";
import { describeUpload } from "./uploads/describe-upload.ts";

/** Room for what an archive contains besides its tables. */
const OVERHEAD_BYTES = 2 ** 20;

/** Says whether the tables that would change can be backed up, and creates the folder. */
export async function planSafetyBackup(
  { config, database, safetyBackups }: Context,
  archiveKey: ArchiveKey,
  tables: ReadonlyArray<TableName & { isDamaged?: boolean }>,
): Promise<SafetyBackupPlan> {
  const neededBytes = await boundSize(database, tables);
  let freeBytes = 0;
  const key = safetyBackupKey(config.policy, archiveKey);
  if (!key) return { possible: false, message: notAllowed(config), neededBytes, freeBytes };
  const damaged = tables.filter(({ isDamaged }) => isDamaged);
  if (damaged.length > 0) {
    const message = `The current data cannot be read: the server's storage is damaged (${formatSome(damaged.map(tableLabel))}).`;
    return { possible: false, message, neededBytes, freeBytes };
  }
  try {
    ({ freeBytes } = await safetyBackups.open());
  } catch (error) {
    return { possible: false, message: unusable(error), neededBytes, freeBytes };
  }
  const possible = hasRoom({ neededBytes, freeBytes });
  const message = possible
    ? `It stays on the server. ${opensWith(key, archiveKey)}`
    : noRoom({ neededBytes, freeBytes });
  return { possible, message, neededBytes, freeBytes };
}

/**
 * Call it right before the start. The free space may have changed, and a new deployment may have changed the policy.
 *
 * @throws SAFETY_BACKUP_FAILED
 */
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
 * Backs up the tables, then reads the file back from the disk, because an unreadable backup is worthless.
 *
 * @throws SAFETY_BACKUP_FAILED, ABORTED; INTERRUPTED if the restore has been ended in the meantime
 */
export async function makeSafetyBackup(
  { config, database, models, safetyBackups }: Context,
  { id, onProgress }: LiveOperation,
  {
    tables,
    archiveKey,
    signal,
  }: { tables: readonly TableName[]; archiveKey: ArchiveKey; signal: AbortSignal },
): Promise<void> {
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
    if (isStorageDamage(cause))
      throw failed(
        `The current data cannot be read, so it cannot be saved. ${message}`,
        { cause: error },
        WITHOUT_IT,
      );
    throw failed(`The current data could not be saved. ${message}`, { cause: error });
  }
  const sizeBytes = digest.bytes;
  const safetyBackup = { createdAt, sizeBytes, encryption: key.mode, isKept: true };
  if (await writeFacts(database, id, { safetyBackup })) return;
  throw new BackupError("INTERRUPTED", "The restore was ended meanwhile. Nothing was changed.", {
    hint: "Begin it again.",
  });
}

/**
 * Removes safety backups that are no longer kept: all but those of the newest three restores, those that are too old,
 * and those of restores that changed nothing. It never removes one that a restore still needs, or a file that this
 * database has no record of.
 *
 * @param spared a restore whose safety backup stays, whatever its age
 */
export async function tidySafetyBackups(
  { config, database, safetyBackups }: Pick<Context, "config" | "database" | "safetyBackups">,
  spared: string | null = null,
): Promise<void> {
  const outdated = await queryOperations<Outdated>(
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
  for (const { id, sizeBytes, isTooOld } of outdated)
    notify(
      { config },
      {
        type: "safety-backup.removed",
        at: new Date().toISOString(),
        actor: null,
        operationId: id,
        fileName: path.basename(safetyBackups.pathOf(id)),
        sizeBytes,
        reason: isTooOld ? "expired" : "replaced",
      },
    );
}

interface Outdated {
  id: string;
  sizeBytes: number;
  isTooOld: boolean;
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

/** Upper bound: the size of the tables with their indexes. Their rows as compressed text are smaller. */
async function boundSize(
  { pool }: Context["database"],
  tables: readonly TableName[],
): Promise<number> {
  const wanted = new Set(tables.map(tableKey));
  const client = await pool.connect();
  try {
    const catalog = await readCatalog(client);
    return catalog.tables
      .filter((table) => wanted.has(tableKey(table)))
      .reduce((sum, { sizeBytes }) => sum + sizeBytes, OVERHEAD_BYTES);
  } finally {
    client.release();
  }
}

interface Room {
  neededBytes: number;
  freeBytes: number;
}

const hasRoom = ({ neededBytes, freeBytes }: Room): boolean =>
  neededBytes + UPLOAD_SPARE_BYTES <= freeBytes;

const noRoom = ({ neededBytes, freeBytes }: Room): string =>
  `The server's disk has not enough room to save the current data. It may take ${formatBytes(neededBytes)}, ${formatBytes(UPLOAD_SPARE_BYTES)} have to stay free, and ${formatBytes(freeBytes)} are free.`;

const unusable = (error: unknown): string =>
  error instanceof BackupError
    ? error.message
    : "The folder for safety backups cannot be made or written.";

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
  new BackupError("SAFETY_BACKUP_FAILED", `${what} Nothing was changed.`, {
    hint,
    ...options,
  });
