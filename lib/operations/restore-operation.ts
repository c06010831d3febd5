/** A restore from its check to its end, whoever watches. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Archive } from "../archive/archive-reader.ts";
import { BackupError, toBackupError } from "../errors.ts";
import { type Database, translateConnectionError } from "../postgres/connection.ts";
import { rehearse } from "../restore/rehearsal/rehearse.ts";
import { beginRestore, type RestoreSession, runRestore } from "../restore/run-restore.ts";
import { verifyArchive } from "../restore/verify-archive.ts";
import type { Check, Operation } from "../shared/api.ts";
import type { ErrorCode } from "../shared/error-codes.ts";
import { type Context, report } from "./context.ts";
import { LiveOperation } from "./live-operation.ts";
import {
  beginRunning,
  type Ending,
  endOperation,
  markReady,
  readOperation,
  recordTransaction,
  refuseStart,
  writeRehearsalReport,
} from "./operation-store.ts";
import { endingWithoutWord, readChanged } from "./settle.ts";

/** How long an unlocked archive waits for its confirmation. */
const READY_MAX_AGE_MS = 60 * 60 * 1000;

const PASSING: readonly ErrorCode[] = ["LOCK_TIMEOUT", "DATABASE_UNREACHABLE", "INTERRUPTED"];

/** Whether the same archive may well succeed a moment later, so that it need not be uploaded again. */
const isPassing = ({ code, cause }: BackupError): boolean =>
  // A lost connection is an error of the step in which it was lost.
  PASSING.includes(code) || translateConnectionError(cause) !== cause;

export const notWaiting = (): BackupError =>
  new BackupError("OPERATION_STATE", "This restore is not waiting to be started.", {
    hint: "It has been started already, or has ended. Look at its page.",
  });

/** Owns the archive and the upload from here on. Never rejects: every end is written to the operation. */
export async function carryOutRestore(
  context: Context,
  id: string,
  uploadId: string,
  archive: Archive,
  isRehearsed: boolean,
): Promise<void> {
  const { config, database } = context;
  const live = new LiveOperation(context, id);
  let ending: Ending;
  let keepsUpload = false;
  try {
    ending = await checkAndRestore(context, live, archive, isRehearsed);
  } catch (thrown) {
    const error = toBackupError(live.signal.aborted ? live.signal.reason : thrown);
    keepsUpload = isPassing(error);
    report(config, `restore ${id}`, error);
    const state = error.code === "ABORTED" ? "cancelled" : "failed";
    ending = { state, error: keepsUpload ? withUpload(error, uploadId) : error };
  }
  try {
    // Before the end is written, so that whoever reads it finds everything tidied up.
    await archive.close();
    if (!keepsUpload) await context.uploads.remove(uploadId);
  } catch (error) {
    report(config, `upload ${uploadId}`, error);
  }
  try {
    await live.stop();
    await writeEnd(database, id, { ...ending, progress: live.progress });
  } catch (error) {
    // It will be seen as interrupted, and settled.
    report(config, `restore ${id}`, error);
  }
}

async function checkAndRestore(
  { config, database, models }: Context,
  live: LiveOperation,
  archive: Archive,
  isRehearsed: boolean,
): Promise<Ending> {
  const { id, onProgress, signal } = live;
  onProgress({ type: "phase", phase: "verifying" });
  const plan = await verifyArchive({ database, models, archive, onProgress, signal });
  if (isRehearsed && plan.canStart)
    plan.checks.push(await rehearseRestore({ config, database, models }, live, archive));

  const started = waitForStart({ config, database }, live);
  if (!(await markReady(database, id, plan))) throw ended();
  const session = await started;
  live.resetProgress();
  try {
    const result = await runRestore(session, {
      archive,
      models,
      lockTimeoutMs: config.lockTimeoutMs,
      onProgress,
      signal,
      async onTransaction(xid) {
        if (!(await recordTransaction(database, id, xid))) throw ended();
      },
    });
    return { state: "succeeded", result, changed: "everything" };
  } finally {
    await session.end();
  }
}

/** What a rehearsal cannot do without is no reason against the restore itself. */
const UNREHEARSED: readonly ErrorCode[] = [
  "OPERATION_IN_PROGRESS",
  "LOCK_TIMEOUT",
  "INSUFFICIENT_PRIVILEGE",
];

/** Keeps the report beside the operation. A warning and no failure: what it finds can be put right before the start. */
async function rehearseRestore(
  { config, database, models }: Pick<Context, "config" | "database" | "models">,
  { id, onProgress, signal }: LiveOperation,
  archive: Archive,
): Promise<Check> {
  const name = "rehearsal";
  try {
    const report = await rehearse({
      database,
      archive,
      models,
      lockTimeoutMs: config.lockTimeoutMs,
      signal,
      // The operation is being checked all the while, whatever the rehearsal's own step is.
      onProgress: (event) => {
        if (event.type !== "phase") onProgress(event);
      },
    });
    await writeRehearsalReport(database, id, report);
    if (report.wouldSucceed)
      return { name, state: "passed", message: "A rehearsal of the whole restore has succeeded." };
    const reasons = [...report.obstacles, ...report.violations].map(({ message }) => message);
    const more = reasons.length > NAMED_REASONS ? " …" : "";
    return {
      name,
      state: "warning",
      message: `A rehearsal of the restore has failed, and so would the restore: ${reasons.slice(0, NAMED_REASONS).join(" ")}${more}`,
    };
  } catch (error) {
    if (!(error instanceof BackupError) || !UNREHEARSED.includes(error.code)) throw error;
    const { message } = error;
    return { name, state: "warning", message: `The restore was not rehearsed. ${message}` };
  }
}

const NAMED_REASONS = 5;

/** Resolves when the restore is confirmed, in whichever process; rejects when it is cancelled or waits too long. */
function waitForStart(
  { config, database }: Pick<Context, "config" | "database">,
  live: LiveOperation,
): Promise<RestoreSession> {
  const { id } = live;
  const { promise, resolve, reject } = Promise.withResolvers<RestoreSession>();
  const timer = setTimeout(() => live.abort(notConfirmed()), READY_MAX_AGE_MS).unref();
  const stopWaiting = () => {
    clearTimeout(timer);
    return live.onStart(null);
  };
  const onAbort = () => {
    stopWaiting();
    reject(live.signal.reason);
  };
  const start = async () => {
    const session = await beginRestore(database);
    try {
      const running = await beginRunning(database, id, "ready");
      if (!running || live.signal.aborted || !stopWaiting()) throw notWaiting();
      resolve(session);
    } catch (error) {
      await session.end();
      throw error;
    }
  };
  const refused = new Map<string, unknown>();
  live.onStart(async (requestId) => {
    try {
      // A request is tried once: whoever asked may have been told already that nothing was begun.
      if (!refused.has(requestId)) return await start();
    } catch (error) {
      refused.set(requestId, error);
    }
    // Where this cannot be written, the next heartbeat leads here again.
    await refuseStart(database, id, requestId, refused.get(requestId)).catch((error: unknown) =>
      report(config, `start of ${id}`, error),
    );
  });
  if (live.signal.aborted) onAbort();
  live.signal.addEventListener("abort", onAbort, { once: true });
  // Where the restore ends before anybody waits for it, there is nobody to be told.
  promise.catch(() => {});
  return promise;
}

/**
 * A failure says that nothing has changed. PostgreSQL is asked whether that is so: the connection may
 * have been lost at the commit.
 */
async function writeEnd(database: Database, id: string, ending: Ending): Promise<void> {
  if (ending.state === "succeeded") {
    // Also where somebody has seen no heartbeat meanwhile: this process knows better.
    await endOperation(database, id, ["running", "interrupted"], ending);
    return;
  }
  const operation = await readOperation(database, id);
  if (!operation) return;
  const changed = await readChangedAtLast(database, operation.xid);
  const isKnown = changed === "nothing" && toBackupError(ending.error).code !== "INTERRUPTED";
  await endOperation(database, id, ["running", "ready"], {
    ...(isKnown ? ending : endingWithoutWord(operation, changed)),
    progress: ending.progress,
  });
}

/** The server may need a moment to notice that a connection has gone. */
async function readChangedAtLast(
  database: Database,
  xid: string | null,
): Promise<Operation["changed"]> {
  for (let attempt = 0; attempt < 50; attempt++) {
    const changed = await readChanged(database, xid);
    if (changed !== "unknown") return changed;
    await sleep(100);
  }
  return "unknown";
}

const withUpload = (error: BackupError, uploadId: string): BackupError =>
  new BackupError(error.code, error.message, {
    hint: error.hint,
    details: { ...error.details, uploadId },
    cause: error.cause,
  });

const ended = (): BackupError =>
  new BackupError("INTERRUPTED", "The restore was ended meanwhile. Nothing has been changed.", {
    hint: "Begin it again.",
  });

const notConfirmed = (): BackupError =>
  new BackupError(
    "ABORTED",
    "The restore was not confirmed within an hour. Nothing has been changed.",
    { hint: "Upload the archive again." },
  );
