import { FIXED_SETTINGS } from "../postgres/connection/own-settings.ts";
import { rebuildReadingIndexes } from "../postgres/indexes.ts";
import { oidsOf } from "../postgres/load.ts";
import { beginLockWait, DEFAULT_LOCK_TIMEOUT_MS } from "../postgres/locks.ts";
import { refreshMaterializedViews } from "../postgres/materialized-views.ts";
import { readSequenceStates } from "../postgres/sequences.ts";
import { resumeEventTriggers, resumeTriggers } from "../postgres/triggers.ts";
import type { OperationResult } from "../shared/api.ts";
import { summariseWarnings } from "../shared/warnings.ts";
import { addForeignKeys } from "./add-foreign-keys.ts";
import { addIndexes } from "./add-indexes.ts";
import { begin, commit } from "./commit.ts";
import { makeRoom, settleRows } from "./fill-tables.ts";
import { inTransaction } from "./in-transaction.ts";
import { type LoadOptions, loadArchive, reportPlanned } from "./load-archive.ts";
import { insertWhole } from "./load-table.ts";
import { type AgreedPlan, lockPlan } from "./lock-plan.ts";
import { putAside, putConstraintsBack } from "./put-aside.ts";
import type { RestoreSession } from "./restore-session.ts";
import { isNotSet, leftOutWarnings, NOT_REPLICATED } from "./result-warnings.ts";
import { countBefore, type FilledLoad, requireCounts } from "./row-counts.ts";
import { setSequences } from "./settle-sequences.ts";
import { validateConstraints } from "./validate-constraints.ts";

export { beginRestore, type RestoreSession } from "./restore-session.ts";

export interface RunRestoreOptions extends LoadOptions, AgreedPlan {
  /** Called with the transaction's number before anything changes. `transactionStatus` can later report its outcome. */
  onTransaction?: (xid: string) => Promise<void>;
}

/**
 * Replaces the rows of the archived tables by the archive's, or merges them, as the scope says. Everything happens in
 * one transaction, or nothing does.
 *
 * @returns after the commit
 * @throws BackupError. Nothing has changed, unless the code is INTERRUPTED: then its message says what is known.
 */
export async function runRestore(
  session: RestoreSession,
  options: RunRestoreOptions,
): Promise<OperationResult> {
  const { client } = session;
  const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS, onProgress = () => {} } = options;
  const startedAt = performance.now();

  return await inTransaction(session, options, async ({ signal, startTimer, stopCancelling }) => {
    const xid = await begin(client);
    await options.onTransaction?.(xid);
    const lockWait = beginLockWait(lockTimeoutMs);
    const plan = await lockPlan(session, options, lockWait, signal);
    const { mode } = plan.scope;
    const relations = oidsOf(plan.loads.map(({ table }) => table));
    startTimer();
    reportPlanned(options, plan.loads);

    onProgress({ type: "phase", phase: "emptying" });
    const counted = await countBefore(client, plan);
    const aside = await putAside(client, plan, lockWait);
    const emptied = await makeRoom(client, counted, mode);

    // A row that PostgreSQL rejects fails the restore.
    await loadArchive(session, emptied.loads, insertWhole(client), { ...options, signal });
    const filled = await settleRows(client, emptied, mode, signal);
    const indexWarnings = await rebuildReadingIndexes(client, relations);
    await client.query(FIXED_SETTINGS);

    onProgress({ type: "phase", phase: "constraints" });
    await addIndexes(client, filled, emptied.lateIndexes, signal);
    await addForeignKeys(session, plan, signal);
    await putConstraintsBack(client, aside);
    await validateConstraints(client, filled, aside.constraints, signal);

    onProgress({ type: "phase", phase: "sequences" });
    const sequenceWarnings = await setSequences(client, plan);
    const sequences = plan.sequences.map(({ sequence }) => sequence);
    const sequenceStates = await readSequenceStates(client, sequences);
    await resumeTriggers(client, aside.triggers);
    await requireCounts(client, filled, mode);
    const viewWarnings = await refreshMaterializedViews(client, plan.materializedViews, signal);
    await resumeEventTriggers(client, aside.eventTriggers);

    stopCancelling();
    onProgress({ type: "phase", phase: "committing" });
    const isReplicated = await commit(session, xid, relations, options.signal);
    const warnings = [
      ...indexWarnings,
      ...leftOutWarnings(plan),
      ...sequenceWarnings,
      ...viewWarnings,
      ...(isReplicated ? [] : [NOT_REPLICATED]),
    ];
    return {
      elapsedMs: Math.round(performance.now() - startedAt),
      tables: filled.map(describeTable),
      rows: filled.reduce((sum, load) => sum + givenRows(load), 0),
      jsonBytes: filled.reduce((sum, { archived }) => sum + archived.jsonBytes, 0),
      sequences: sequences.length - warnings.filter(isNotSet).length,
      sequenceStates,
      warnings: summariseWarnings(warnings),
    };
  });
}

/** The number of the archive's rows that were to be restored. */
const givenRows = ({ archived, places }: FilledLoad): number => places?.size ?? archived.rows;

const describeTable = (load: FilledLoad): OperationResult["tables"][number] => ({
  schema: load.archived.schema,
  name: load.archived.name,
  model: load.archived.model,
  rows: givenRows(load),
  jsonBytes: load.archived.jsonBytes,
  jsonSha256: load.archived.jsonSha256 || null,
  rowsBefore: load.rowsBefore ?? undefined,
  rowsAfter: load.rowsAfter,
});
