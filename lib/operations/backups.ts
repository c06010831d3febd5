import { randomUUID } from "node:crypto";
import { Readable } from "node:stream";
import { finished } from "node:stream/promises";
import { DigestStream } from "../archive/digest.ts";
import { createArchiveKey } from "../archive/encryption.ts";
import { archiveFileName } from "../backup/backup-name.ts";
import { runBackup } from "../backup/run-backup.ts";
import { BackupError } from "../errors.ts";
import { selectionOf } from "../plan/dump-plan.ts";
import { leftToPlatforms } from "../plan/platform-schemas.ts";
import type { Database } from "../postgres/connection/connection.ts";
import type { Actor, CreateBackup, TableName } from "../shared/api.ts";
import { toBackupError } from "../to-backup-error.ts";
import type { Context } from "./context.ts";
import { applyPolicy, requireAllowed } from "./encryption-policy.ts";
import { LiveOperation } from "./live-operation.ts";
import { logError } from "./log-error.ts";
import { recordEnd } from "./notify.ts";
import { beginRunning, insertOperation } from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { readPooledCatalog } from "./read-pooled-catalog.ts";
import type { StoredOperation } from "./stored-operation.ts";

/** How far the reader may lag behind, in bytes, so that PostgreSQL need not wait for each chunk to be sent. */
const BUFFER_BYTES = 256 * 1024;

/** If the client has not asked for the first byte within this time, it never will. */
const FIRST_READ_MS = 10 * 1000;

/**
 * First step of a download: checks what can be checked, and derives from the passphrase a key for this archive only.
 * @throws ENCRYPTION_NOT_ALLOWED, PASSPHRASE_TOO_SHORT, RECIPIENT_INVALID, DATABASE_READ_ONLY
 */
export async function createBackup(
  { config, database }: Context,
  actor: Actor,
  { tables, encryption }: CreateBackup,
): Promise<StoredOperation> {
  const key = await createArchiveKey(applyPolicy(config.policy, encryption));
  const name = await readDatabaseName(database);
  const part = tables && (await partOf(database, tables));
  return insertOperation(database, {
    id: randomUUID(),
    state: "pending",
    actor,
    request: { kind: "backup", tables: tables ?? null, key },
    encryption: key.mode,
    fileName: archiveFileName(name, new Date(), part),
  });
}

/** Returns `1-of-25-tables`, or nothing if these are all tables. */
async function partOf(
  database: Database,
  tables: readonly TableName[],
): Promise<string | undefined> {
  const catalog = await readPooledCatalog(database);
  const { platformOf } = leftToPlatforms(catalog, { tables });
  const all = catalog.tables.filter((table) => !platformOf(table));
  const chosen = all.filter(selectionOf({ tables }));
  return chosen.length < all.length ? `${chosen.length}-of-${all.length}-tables` : undefined;
}

/**
 * Second step of a download, possible once: begins the backup and returns its zip as a stream. Reading that to its end
 * makes the operation succeed, and cancelling it cancels the operation. If the backup fails, the stream fails.
 * @throws OPERATION_NOT_FOUND, FORBIDDEN if it is another person's, OPERATION_STATE, ENCRYPTION_NOT_ALLOWED
 */
export async function openBackup(
  context: Context,
  actor: Actor,
  id: string,
): Promise<{ archive: ReadableStream<Uint8Array>; fileName: string }> {
  const { request } = await readOwnOperation(context, actor, id, "backup");
  if (request.kind === "backup" && request.key) requireAllowed(context.config.policy, request.key);
  const operation = await beginRunning(context.database, id);
  if (!operation) {
    throw new BackupError("OPERATION_STATE", "This backup was downloaded already, or has ended.", {
      hint: "A backup can be downloaded once. Create another one.",
    });
  }
  const output = new DigestStream({ highWaterMark: BUFFER_BYTES });
  const live = new LiveOperation(context, id);
  const giveUp = () => live.abort(givenUp());
  void carryOut(context, operation, live, output);
  return { archive: readThrough(output, giveUp), fileName: operation.fileName };
}

async function carryOut(
  context: Context,
  operation: StoredOperation,
  live: LiveOperation,
  output: DigestStream,
): Promise<void> {
  const { config, database, models } = context;
  const { request, id, fileName } = operation;
  try {
    if (request.kind !== "backup" || !request.key) throw new Error("a backup without its key");
    // Resolves once the client has taken the last bytes, too. If the backup fails, `runBackup` throws the reason.
    const taken = finished(output, { signal: live.signal });
    taken.catch(() => {});
    const result = await runBackup({
      database,
      models,
      tables: request.tables ?? undefined,
      key: request.key,
      output,
      lockTimeoutMs: config.lockTimeoutMs,
      onProgress: live.onProgress,
      signal: live.signal,
    });
    await taken;
    await live.stop();
    const { bytes: sizeBytes, sha256 } = output.digest();
    await recordEnd(context, id, ["running", "interrupted"], {
      state: "succeeded",
      result: { ...result, fileName },
      archive: { sizeBytes, sha256 },
      progress: live.progress,
    });
  } catch (thrown) {
    const error = toBackupError(live.signal.aborted ? live.signal.reason : thrown);
    output.destroy(error);
    logError(config, `backup ${id}`, error);
    await live.stop();
    const state = error.code === "ABORTED" ? "cancelled" : "failed";
    // If this write fails, the operation is later found to be interrupted.
    await recordEnd(context, id, ["running"], { state, error, progress: live.progress }).catch(
      (cause: unknown) => logError(config, `backup ${id}`, cause),
    );
  }
}

/** Like `Readable.toWeb`, but it calls `onCancel` if the reader gives up, and reads nothing ahead. */
function readThrough(source: Readable, onCancel: () => void): ReadableStream<Uint8Array> {
  const reader = Readable.toWeb(source, { strategy: { highWaterMark: 0 } }).getReader();
  // Next does not tell us about a client that was gone before the response began.
  const timer = setTimeout(onCancel, FIRST_READ_MS);
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(timer);
        const { done, value } = await reader.read().catch(() => {
          // Breaks the response off. The reason is already logged and recorded, without its causes. Next prints nothing
          // more for an AbortError.
          throw new DOMException(
            "The backup was broken off. Its operation says why.",
            "AbortError",
          );
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel(reason) {
        clearTimeout(timer);
        onCancel();
        // It rejects if the stream has failed already. That error is recorded elsewhere.
        await reader.cancel(reason).catch(() => {});
      },
    },
    { highWaterMark: 0 },
  );
}

const givenUp = (): BackupError =>
  new BackupError(
    "ABORTED",
    "The download ended before the backup was complete. No backup was made.",
    { hint: "Delete the incomplete file and create the backup again." },
  );
