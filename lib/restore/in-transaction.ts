import { BackupError } from "../errors.ts";
import { abandon, cancelOnAbort } from "../postgres/connection/connection.ts";
import { reportWaits } from "../postgres/connection/session-waits.ts";
import { translateDatabaseError } from "../postgres/errors/database-error.ts";
import type { OnProgress } from "../shared/progress.ts";
import { toBackupError } from "../to-backup-error.ts";
import type { RestoreSession } from "./restore-session.ts";

export const NOTHING_CHANGED = "Nothing was changed.";

export interface TransactionOptions {
  /** Everything is rolled back after this time, in milliseconds from `startTimer`. */
  timeoutMs?: number;
  onProgress?: OnProgress;
  signal?: AbortSignal;
}

/** What the work of a transaction receives. */
export interface Transaction {
  /** Aborts if the caller cancels, or when the time limit is reached. */
  signal: AbortSignal;
  /** Starts the time limit `timeoutMs`. */
  startTimer(): void;
  /**
   * Call this before the statement that ends the transaction. From here on only PostgreSQL decides the outcome.
   *
   * @throws if the signal has aborted
   */
  stopCancelling(): void;
}

/**
 * Runs work that begins and ends a transaction on the session's connection. A cancelled signal or the time limit
 * cancels the running statement. An error rolls the transaction back. Long waits are reported.
 *
 * @throws BackupError. The transaction is rolled back, unless the code is INTERRUPTED: then its message says what is
 *   known.
 */
export async function inTransaction<Result>(
  { client, database }: RestoreSession,
  options: TransactionOptions,
  work: (transaction: Transaction) => Promise<Result>,
): Promise<Result> {
  const { onProgress = () => {} } = options;
  const { signal, startTimer, stopTimer } = withTimeout(options.signal, options.timeoutMs);
  const stopListening = cancelOnAbort(client, database, signal);
  const stopReporting = reportWaits(client, (waitsFor) =>
    onProgress({ type: "waiting", waitsFor }),
  );
  const stopCancelling = () => {
    signal.throwIfAborted();
    stopListening();
    stopTimer();
  };
  try {
    signal.throwIfAborted();
    return await work({ signal, startTimer, stopCancelling });
  } catch (error) {
    await client.query("ROLLBACK").catch(() => abandon(client));
    const interrupted = error instanceof BackupError && error.code === "INTERRUPTED";
    const reason =
      signal.aborted && !interrupted
        ? abortError(signal, error)
        : translateDatabaseError(error, { fallback: "LOAD_FAILED", outcome: NOTHING_CHANGED });
    throw toBackupError(reason);
  } finally {
    stopListening();
    stopReporting();
    stopTimer();
  }
}

/** Makes a signal that follows the caller's, and also aborts some time after `startTimer`. */
function withTimeout(given: AbortSignal | undefined, timeoutMs: number | undefined) {
  const timeout = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  return {
    signal: given ? AbortSignal.any([given, timeout.signal]) : timeout.signal,
    startTimer() {
      if (timeoutMs === undefined) return;
      const expire = () =>
        timeout.abort(
          new BackupError(
            "ABORTED",
            `The restore was not done within ${timeoutMs / 1000} s and was rolled back. ${NOTHING_CHANGED}`,
            { hint: "Allow it more time.", details: { timeoutMs } },
          ),
        );
      timer = globalThis.setTimeout(expire, timeoutMs);
    },
    stopTimer: () => clearTimeout(timer),
  };
}

const abortError = ({ reason }: AbortSignal, cause: unknown): BackupError =>
  reason instanceof BackupError
    ? reason
    : new BackupError("ABORTED", `The restore was cancelled. ${NOTHING_CHANGED}`, { cause });
