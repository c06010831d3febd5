import { BackupError } from "../../errors.ts";
import { isMerge } from "../../plan/restore-scope.ts";
import type { Database } from "../../postgres/connection/connection.ts";
import { FIXED_SETTINGS, ownSettings } from "../../postgres/connection/own-settings.ts";
import { translateDatabaseError } from "../../postgres/errors/database-error.ts";
import { isNotFound } from "../../postgres/errors/not-found.ts";
import { describeUnknownColumns } from "../../postgres/table-copies.ts";
import type { SignInOptions } from "../../schema/sign-in.ts";
import type { RehearsalReport, RowChanges } from "../../shared/rehearsal.ts";
import { tableLabel } from "../../shared/table-name.ts";
import { summariseWarnings } from "../../shared/warnings.ts";
import { inTransaction, NOTHING_CHANGED, type Transaction } from "../in-transaction.ts";
import { type LoadOptions, reportPlanned } from "../load-archive.ts";
import type { ReadPlan } from "../read-plan.ts";
import { beginRestore, type RestoreSession } from "../restore-session.ts";
import { encodingWarning, leftOutWarnings } from "../result-warnings.ts";
import { foreseeSequences } from "../settle-sequences.ts";
import { checkCopies } from "./check-copies.ts";
import { comparability, compareCopies } from "./compare-copies.ts";
import { loadCopies } from "./load-copies.ts";
import { lockForReading, type Matched } from "./lock-for-reading.ts";
import { completeCopies, makeCopies, recomputeCopies, redirectToCopies } from "./make-copies.ts";
import { rehearseRights } from "./rehearse-rights.ts";
import { describeUntried } from "./remedies.ts";
import { Steps } from "./steps.ts";

export interface RehearseOptions extends LoadOptions {
  database: Database;
  signIn?: SignInOptions | undefined;
}

/**
 * Carries out a restore on copies of the tables, in a transaction that is always rolled back, and reports what it would
 * do. Readers and writers of the tables continue. Sessions that alter or empty a table wait, as during a backup.
 *
 * @throws BackupError from the restore, if the cause is not in the rows: a damaged archive, a lost connection,
 *   LOCK_TIMEOUT, ABORTED, OPERATION_IN_PROGRESS, INSUFFICIENT_PRIVILEGE. Nothing is changed in any case.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalReport> {
  const report =
    (await rehearseOnce(options, { keepsRefused: false })) ??
    // A savepoint per batch slows down every other session. So use them only after a row was rejected.
    (await rehearseOnce(options, { keepsRefused: true }));
  if (!report) throw new Error("rows were refused");
  return report;
}

interface Attempt {
  /** Continue after a row that a column rejects. */
  keepsRefused: boolean;
}

/** @returns null if a row was rejected and keepsRefused is false */
async function rehearseOnce(
  options: RehearseOptions,
  attempt: Attempt,
): Promise<RehearsalReport | null> {
  await using session = await beginRestore(options.database);
  const steps = new Steps();
  return await inTransaction(session, options, async (transaction) => {
    const matched = await lockForReading(session.client, options);
    const report =
      matched.obstacles.length > 0
        ? steps.report(matched.plan, { obstacles: matched.obstacles })
        : await tryOnCopies({ session, options, matched, transaction, attempt, steps }).catch(
            (error: unknown) => steps.report(matched.plan, { obstacles: [asObstacle(error)] }),
          );
    transaction.stopCancelling();
    await session.client.query("ROLLBACK");
    return report;
  });
}

/** If a function refers to a missing name, the restore fails with the same error, regardless of the rows. */
function asObstacle(error: unknown): BackupError {
  const place = { fallback: "LOAD_FAILED", outcome: NOTHING_CHANGED } as const;
  const translated = translateDatabaseError(error, place);
  if (translated instanceof BackupError && isNotFound(translated.cause)) return translated;
  throw error;
}

interface Rehearsal {
  session: RestoreSession;
  options: RehearseOptions;
  matched: Matched;
  transaction: Transaction;
  attempt: Attempt;
  steps: Steps;
}

/** @returns null if a row was rejected and keepsRefused is false */
async function tryOnCopies(rehearsal: Rehearsal): Promise<RehearsalReport | null> {
  const { session, options, matched, transaction, attempt, steps } = rehearsal;
  const { client } = session;
  const { signal, startTimer } = transaction;
  const { plan, catalog } = matched;
  const { onProgress = () => {}, models, signIn } = options;
  const isMerging = isMerge(plan.scope.mode);
  startTimer();
  reportPlanned(options, plan.loads);

  onProgress({ type: "phase", phase: "emptying" });
  const copies = await makeCopies(client, matched);
  const { checks, computed } = copies;
  const { loads } = checks;
  // While a merge loads its copies, functions still read the tables, as in the restore.
  const redirected = isMerging ? null : await redirectToCopies(client, copies, matched);
  steps.end("tables");

  const refused = await loadCopies(session, loads, { ...options, ...attempt, signal });
  if (!refused) return null;
  if (isMerging) await client.query(FIXED_SETTINGS);
  const notRedirected = redirected ?? (await redirectToCopies(client, copies, matched));
  if (isMerging) {
    await client.query(ownSettings(client));
    await completeCopies(client, checks, signal);
  }
  const uncomputable = await recomputeCopies(client, loads, computed);
  await client.query(FIXED_SETTINGS);

  onProgress({ type: "phase", phase: "constraints" });
  steps.end("loading");
  // As during a load: functions in constraints may need the role's own settings.
  await client.query(ownSettings(client));
  const checked = await checkCopies(client, checks, notRedirected, signal);
  await client.query(FIXED_SETTINGS);
  steps.end("constraints");

  onProgress({ type: "phase", phase: "sequences" });
  const sequenceWarnings = await foreseeSequences(client, plan, loads);
  onProgress({ type: "phase", phase: "comparing" });
  const found = [...uncomputable, ...refused.violations(), ...checked.violations];
  const isComparable = comparability(refused, found);
  const compared = await compareCopies(client, checks, isComparable, signal);
  const damaged = new Set(compared.filter((it) => it.unread).map(({ load }) => load));
  const rights = await rehearseRights(client, {
    ...{ catalog, models, signIn, loads },
    isComparable: (load, columns) => !damaged.has(load) && isComparable(load, columns),
  });
  steps.end("comparing");

  const tables = compared.map(({ table }) => table);
  const isChanged = tables.some(({ changes }) => !changes || changes.same < sumOf(changes));
  const untried = notRedirected.filter(({ mayWrite }) => isChanged || mayWrite);
  return steps.report(plan, {
    tables,
    rights,
    violations: [
      ...found,
      // If the restore changes nothing, the functions have read the same rows as afterwards.
      ...(isChanged ? [] : checked.doubtful),
      ...untried.map(describeUntried),
    ],
    warnings: summariseWarnings([
      ...leftOutWarnings(plan),
      ...encodingWarning(plan),
      ...sequenceWarnings,
    ]),
    notRehearsed: [
      ...checked.unchecked,
      ...compared.flatMap(({ unread }) => unread ?? []),
      ...loads.flatMap(describeUnknownColumns),
      ...describeViews(plan),
    ],
  });
}

const sumOf = ({ added, removed, changed, same }: RowChanges): number =>
  added + removed + changed + same;

const describeViews = ({ materializedViews }: ReadPlan): string[] =>
  materializedViews.length === 0
    ? []
    : [
        `Materialised views are refreshed only by the restore itself: ${materializedViews.map(tableLabel).join(", ")}.`,
      ];
