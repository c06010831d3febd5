import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Archive, openArchive } from "../archive/archive-reader.ts";
import { BackupError, toBackupError } from "../errors.ts";
import type { Database } from "../postgres/connection.ts";
import { beginRestore, type RestoreSession, runRestore } from "../restore/run-restore.ts";
import { verifyArchive } from "../restore/verify-archive.ts";
import type { Actor, CreateRestore, Unlock } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import { NO_PROGRESS } from "../shared/progress.ts";
import { type Context, report } from "./context.ts";
import { LiveOperation } from "./live-operation.ts";
import {
  beginRunning,
  endOperation,
  insertOperation,
  markReady,
  readOperation,
  recordTransaction,
  type StoredOperation,
} from "./operation-store.ts";
import { readDatabaseName, readOwnOperation } from "./operations.ts";
import { processWideMap } from "./process-wide.ts";
import { endingWithoutWord, readChanged } from "./settle.ts";

/** How long an unlocked archive waits for its confirmation. */
const READY_MAX_AGE_MS = 60 * 60 * 1000;
/** Wrong passphrases for one upload, until it is removed. */
const MAX_ATTEMPTS = 10;

/** After these the same archive may well succeed, so it need not be uploaded again. */
const KEEPS_UPLOAD: readonly ErrorCode[] = ["LOCK_TIMEOUT", "DATABASE_UNREACHABLE"];

/** Restores of this process whose unlocked archive waits for the confirmation. Returns whether it still does. */
const waiting = processWideMap<(session: RestoreSession) => boolean>("waiting-restores");
const attempts = processWideMap<number>("unlock-attempts");

/**
 * Opens and unlocks an uploaded archive, and begins to check it. The secret is used here and forgotten;
 * the unlocked archive stays in this process's memory. After a wrong passphrase the upload is kept.
 *
 * @throws UPLOAD_NOT_FOUND, OPERATION_STATE for an incomplete upload, WRONG_PASSPHRASE,
 *   NO_MATCHING_IDENTITY, FORMAT_UNSUPPORTED, ARCHIVE_INVALID, ARCHIVE_TRUNCATED
 */
export async function createRestore(
  context: Context,
  actor: Actor,
  { uploadId, ...unlock }: CreateRestore,
): Promise<StoredOperation> {
  const upload = await context.uploads.find(uploadId, actor);
  if (!upload.isComplete) {
    throw new BackupError("OPERATION_STATE", "The upload is not complete yet.", {
      hint: "Wait for its end, or go on with it.",
    });
  }
  const archive = await unlockUpload(context, upload, unlock);
  try {
    const id = randomUUID();
    const operation = await insertOperation(context.database, {
      id,
      state: "running",
      actor,
      request: { kind: "restore", uploadId },
      encryption: archive.encryption,
      fileName: upload.fileName,
      progress: { ...NO_PROGRESS, phase: "verifying" },
    });
    void carryOut(context, id, uploadId, archive);
    return operation;
  } catch (error) {
    await archive.close();
    throw error;
  }
}

async function unlockUpload(
  { uploads }: Context,
  upload: { id: string; path: string },
  unlock: Unlock,
): Promise<Archive> {
  let archive: Archive | undefined;
  try {
    archive = await openArchive(upload.path);
    await archive.unlock(unlock);
    attempts.delete(upload.id);
    return archive;
  } catch (thrown) {
    await archive?.close();
    const error = toBackupError(thrown);
    const isWrongSecret =
      error.code === "WRONG_PASSPHRASE" || error.code === "NO_MATCHING_IDENTITY";
    if (!isWrongSecret) {
      // No passphrase will ever open it.
      if (error.status < 500) await uploads.remove(upload.id);
      throw error;
    }
    if (!unlock.passphrase && !unlock.identity) throw error;
    const count = (attempts.get(upload.id) ?? 0) + 1;
    attempts.set(upload.id, count);
    if (count < MAX_ATTEMPTS) throw error;
    attempts.delete(upload.id);
    await uploads.remove(upload.id);
    throw new BackupError(
      error.code,
      `${error.message} The upload has been removed after ${MAX_ATTEMPTS} attempts.`,
      {
        hint: "Find the right passphrase or identity, then upload the archive again.",
      },
    );
  }
}

/**
 * Begins the restore that was checked. Returns when it holds the restore's lock; the rest goes on by itself.
 *
 * @throws OPERATION_NOT_FOUND, FORBIDDEN for another person's, OPERATION_STATE, SCHEMA_DRIFT where the check
 *   forbids it, CONFIRMATION_MISMATCH, OPERATION_IN_PROGRESS
 */
export async function startRestore(
  context: Context,
  actor: Actor,
  id: string,
  confirmation: string,
): Promise<StoredOperation> {
  const { database } = context;
  const operation = await readOwnOperation(context, actor, id, "restore");
  if (operation.state !== "ready") throw notReady();
  if (!operation.plan?.canStart) {
    throw new BackupError(
      "SCHEMA_DRIFT",
      "The check found that this archive cannot be restored here.",
      {
        hint: "Look at the failed checks, and correct what they name.",
      },
    );
  }
  if (confirmation !== (await readDatabaseName(database))) {
    throw new BackupError(
      "CONFIRMATION_MISMATCH",
      "This is not the name of the database. Nothing has been changed.",
      {
        hint: "Type the name of the database exactly as it is shown.",
      },
    );
  }
  const begin = waiting.get(id);
  if (!begin) throw lockedElsewhere(operation);
  const session = await beginRestore(database);
  try {
    const running = await beginRunning(database, id, "ready");
    if (!running || !begin(session)) throw notReady();
    return running;
  } catch (error) {
    await session.end();
    throw error;
  }
}

/** The restore from its check to its end, whoever watches. */
async function carryOut(
  context: Context,
  id: string,
  uploadId: string,
  archive: Archive,
): Promise<void> {
  const { config, database, models, uploads } = context;
  const live = new LiveOperation(context, id);
  const { onProgress, signal } = live;
  let keepUpload = false;
  try {
    onProgress({ type: "phase", phase: "verifying" });
    const plan = await verifyArchive({ database, models, archive, onProgress, signal });
    const confirmed = waitForStart(id, live);
    if (!(await markReady(database, id, plan))) throw notReady();
    const session = await confirmed;
    live.resetProgress();
    let result: Awaited<ReturnType<typeof runRestore>>;
    try {
      result = await runRestore(session, {
        archive,
        models,
        lockTimeoutMs: config.lockTimeoutMs,
        onProgress,
        signal,
        async onTransaction(xid) {
          if (!(await recordTransaction(database, id, xid))) throw notReady();
        },
      });
    } finally {
      await session.end();
    }
    await live.stop();
    await endOperation(database, id, ["running", "interrupted"], {
      state: "succeeded",
      result,
      changed: "everything",
      progress: live.progress,
    });
  } catch (thrown) {
    const error = toBackupError(signal.aborted ? signal.reason : thrown);
    keepUpload = KEEPS_UPLOAD.includes(error.code);
    report(config, `restore ${id}`, error);
    await live.stop();
    await endFailed(context, id, live, keepUpload ? withUpload(error, uploadId) : error).catch(
      // Where this cannot be written, the operation will be seen as interrupted, and settled.
      (cause: unknown) => report(config, `restore ${id}`, cause),
    );
  } finally {
    waiting.delete(id);
    await archive.close().catch((cause: unknown) => report(config, `restore ${id}`, cause));
    if (!keepUpload) {
      await uploads
        .remove(uploadId)
        .catch((cause: unknown) => report(config, `upload ${uploadId}`, cause));
    }
  }
}

/** A failure says that nothing has changed; PostgreSQL is asked whether that is so, as the connection may have been lost at the commit. */
async function endFailed(
  { database }: Context,
  id: string,
  live: LiveOperation,
  error: BackupError,
): Promise<void> {
  const operation = await readOperation(database, id);
  if (!operation) return;
  const changed = await readChangedAfterEnd(database, operation.xid);
  const state = error.code === "ABORTED" ? "cancelled" : "failed";
  const ending =
    changed === "nothing" && error.code !== "INTERRUPTED"
      ? ({ state, error, changed } as const)
      : endingWithoutWord(operation, changed);
  await endOperation(database, id, ["running", "ready"], { ...ending, progress: live.progress });
}

/** The server may need a moment to notice that a connection has gone. */
async function readChangedAfterEnd(database: Database, xid: string | null) {
  for (let attempt = 0; attempt < 50; attempt++) {
    const changed = await readChanged(database, xid);
    if (changed !== "unknown") return changed;
    await sleep(100);
  }
  return "unknown";
}

/** Resolves when `startRestore` hands over its session; rejects when the operation is cancelled or waits too long. */
function waitForStart(id: string, live: LiveOperation): Promise<RestoreSession> {
  const { promise, resolve, reject } = Promise.withResolvers<RestoreSession>();
  const end = () => {
    clearTimeout(timer);
    waiting.delete(id);
    reject(live.signal.reason);
  };
  const timer = setTimeout(() => live.abort(notConfirmed()), READY_MAX_AGE_MS).unref();
  if (live.signal.aborted) end();
  live.signal.addEventListener("abort", end, { once: true });
  waiting.set(id, (session) => {
    if (live.signal.aborted) return false;
    clearTimeout(timer);
    resolve(session);
    return waiting.delete(id);
  });
  // Where the restore ends before anybody waits for it, there is nobody to be told.
  promise.catch(() => {});
  return promise;
}

const withUpload = (error: BackupError, uploadId: string): BackupError =>
  new BackupError(error.code, error.message, {
    hint: error.hint,
    details: { ...error.details, uploadId },
    cause: error.cause,
  });

const notReady = (): BackupError =>
  new BackupError("OPERATION_STATE", "This restore is not waiting to be started.", {
    hint: "It has been started already, or has ended. Look at its page.",
  });

const notConfirmed = (): BackupError =>
  new BackupError(
    "ABORTED",
    "The restore was not confirmed within an hour. Nothing has been changed.",
    {
      hint: "Upload the archive again.",
    },
  );

function lockedElsewhere({ request }: StoredOperation): BackupError {
  const uploadId = request.kind === "restore" ? request.uploadId : undefined;
  return new BackupError(
    "OPERATION_STATE",
    "The archive was unlocked in another process of the app, which alone can restore it. Nothing has been changed.",
    {
      hint: "Unlock the archive again. Where several instances of the app run, they need sticky sessions.",
      details: { uploadId },
    },
  );
}
