import { BackupError } from "../../errors.ts";
import type { PlannedLoad } from "../../plan/load-plan.ts";
import { isMerge } from "../../plan/restore-scope.ts";
import { apart } from "../../postgres/apart.ts";
import { compareRows, sampledColumns, sampleRows } from "../../postgres/compare-rows.ts";
import type { Database } from "../../postgres/connection.ts";
import { putConstraintsAside } from "../../postgres/constraints.ts";
import { countExactly } from "../../postgres/count-rows.ts";
import { isStorageDamage, whyUnreadable } from "../../postgres/damage.ts";
import { translateDatabaseError } from "../../postgres/database-error.ts";
import {
  type ComputedColumns,
  readComputedColumns,
  recompute,
} from "../../postgres/generated-columns.ts";
import { loadRows } from "../../postgres/load-rows.ts";
import { beginLockWait, DEFAULT_LOCK_TIMEOUT_MS, lockTables } from "../../postgres/locks.ts";
import { keepInCopy, keepKeys, overwriteInCopy } from "../../postgres/merge-rows.ts";
import { isNotFound } from "../../postgres/not-found.ts";
import { FIXED_SETTINGS, ownSettings } from "../../postgres/own-settings.ts";
import {
  createShadowTables,
  describeWithoutDefault,
  type ShadowTables,
} from "../../postgres/shadow-tables.ts";
import { suspendEventTriggers } from "../../postgres/triggers.ts";
import type { Catalog, CatalogTable } from "../../schema/catalog.ts";
import type { SignInOptions } from "../../schema/sign-in.ts";
import { readUserFunctions } from "../../schema/user-functions.ts";
import type { TableName, Warning } from "../../shared/api.ts";
import type {
  RehearsalReport,
  RehearsedTable,
  RightsChanges,
  RowChanges,
  Violation,
} from "../../shared/rehearsal.ts";
import { tableKey, tableLabel } from "../../shared/table-name.ts";
import { summariseWarnings } from "../../shared/warnings.ts";
import { toErrorReport } from "../../to-backup-error.ts";
import { boundDrift } from "../bound-plan.ts";
import { readUncomputable } from "../compute-anew.ts";
import { mergesOf } from "../merge-loads.ts";
import { type PipelineOptions, type RestoreTarget, runPipeline } from "../pipeline.ts";
import { type ReadPlan, readPlan } from "../read-plan.ts";
import { findObstacles } from "../require-loadable.ts";
import { beginRestore, type RestoreSession } from "../restore-session.ts";
import { encodingWarning, leftOutWarnings } from "../result-warnings.ts";
import { foreseeSequences } from "../settle-sequences.ts";
import { type Checks, checkShadows, readChecks, type Shadowed } from "./check-shadows.ts";
import { type NotRedirected, redirectFunctions } from "./redirect-functions.ts";
import { isRefusal, RefusedValues } from "./refused-values.ts";
import { rehearseRights } from "./rehearse-rights.ts";
import { copiesOf } from "./relation-copies.ts";
import { describeUntried, uncomputable } from "./remedies.ts";

export interface RehearseOptions extends PipelineOptions {
  database: Database;
  signIn?: SignInOptions | undefined;
}

/**
 * Carries a restore out beside the tables, in a transaction that is always rolled back, and says what it would do.
 * Readers and writers of the tables go on; who wants to alter or empty one waits, as for a backup.
 *
 * @throws BackupError of the restore for what is no matter of its rows: a damaged archive, a lost connection,
 *   LOCK_TIMEOUT, ABORTED, OPERATION_IN_PROGRESS, INSUFFICIENT_PRIVILEGE. Nothing has changed then, nor otherwise.
 */
export async function rehearse(options: RehearseOptions): Promise<RehearsalReport> {
  const first = await attempt(options, false);
  // A refused row ends a transaction without savepoints; with one for each batch, other sessions get slower.
  return first ?? (await attempt(options, true)) ?? Promise.reject(new Error("rows were refused"));
}

/** @returns null where rows were refused, and `isTolerant` is false */
async function attempt(
  options: RehearseOptions,
  isTolerant: boolean,
): Promise<RehearsalReport | null> {
  const session = await beginRestore(options.database);
  const rehearsal = new Rehearsal(session, options, isTolerant);
  try {
    return await runPipeline(session, rehearsal, options);
  } catch (error) {
    if (rehearsal.isRefused && !isTolerant) return null;
    rehearsal.obstruct(error);
    const report = rehearsal.obstructed();
    if (report) return report;
    throw error;
  } finally {
    await session.end();
  }
}

const NOTHING = "Nothing has changed.";

/** For sorting and hashing; a session's own, as it compares whole tables. */
const WORK_MEM = "64MB";

/** All samples together, so that the report stays one that a browser can show. */
const MAX_SAMPLED_CHARACTERS = 4_000_000;

/** The tables' copies as the target of a restore. */
class Rehearsal implements RestoreTarget<RehearsalReport> {
  readonly #session: RestoreSession;
  readonly #options: RehearseOptions;
  readonly #isTolerant: boolean;
  readonly #refused: RefusedValues;
  readonly #startedAt = performance.now();
  #stepAt = performance.now();
  #obstacles: BackupError[] = [];
  #plan: ReadPlan | null = null;
  #catalog: Catalog | null = null;
  #shadows: ShadowTables = { tables: [], ownSchema: null, withoutDefault: [] };
  #checks: Checks = {
    tables: [],
    foreignKeys: [],
    keepsRows: false,
    overwrites: false,
  };
  #computed: readonly ComputedColumns[] = [];
  #notRedirected: readonly NotRedirected[] = [];
  #doubtful: readonly Violation[] = [];
  #redirect: () => Promise<void> = async () => {};
  #loads: PlannedLoad[] = [];
  /** A row was refused, which ended the transaction. */
  isRefused = false;
  readonly #steps: RehearsalReport["steps"] = [];
  readonly #violations: Violation[] = [];
  readonly #warnings: Warning[] = [];
  readonly #notRehearsed: string[] = [];
  readonly #tables: RehearsedTable[] = [];
  #rights: RightsChanges | null = null;

  constructor(session: RestoreSession, options: RehearseOptions, isTolerant: boolean) {
    this.#session = session;
    this.#options = options;
    this.#isTolerant = isTolerant;
    this.#refused = new RefusedValues(session.client, (load) => {
      const index = this.#loads.indexOf(load);
      return this.#checks.tables[index]?.rules.key?.columns ?? [];
    });
  }

  async begin(): Promise<ReadPlan> {
    const { client } = this.#session;
    const { lockTimeoutMs = DEFAULT_LOCK_TIMEOUT_MS } = this.#options;
    const before = await this.#match();
    // One moment of the database for all comparisons. The locks come before the snapshot.
    await client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE");
    await client.query(`SET LOCAL row_security = off; SET LOCAL work_mem = '${WORK_MEM}'`);
    const wait = beginLockWait(lockTimeoutMs);
    await lockTables(client, involvedTables(before), "ACCESS SHARE", wait);
    const after = await this.#match();
    if (shape(before) !== shape(after)) {
      throw new BackupError(
        "SCHEMA_DRIFT",
        "Tables were made, changed or dropped while the rehearsal began. Nothing has changed.",
        { hint: "Try again when the migration has ended." },
      );
    }
    this.#plan = after.plan;
    this.#catalog = after.catalog;
    return after.plan;
  }

  async #match(): Promise<Matched> {
    const { archive, models, scope } = this.#options;
    const source = { archive, models, scope };
    const { catalog, plan } = await readPlan(this.#session.client, source);
    this.#plan = plan;
    this.#obstacles = findObstacles(plan);
    if (this.#obstacles[0]) throw this.#obstacles[0];
    return { catalog, plan };
  }

  async empty(plan: ReadPlan): Promise<readonly PlannedLoad[]> {
    const { client } = this.#session;
    if (!this.#catalog) throw new Error("empty comes after begin");
    await suspendEventTriggers(client);
    const live = plan.loads.map(({ table }) => table);
    const functions = await readUserFunctions(client, oidsOf(live));
    // The copies have no constraints of their own.
    const { dropped } = await putConstraintsAside(client, live, { domainsAlone: true });
    this.#shadows = await createShadowTables(client, plan.loads);
    const { tables } = this.#shadows;
    this.#computed = await readComputedColumns(client, tables);
    this.#checks = await readChecks(client, plan, this.#catalog, tables, dropped);
    const { tables: shadowed } = this.#checks;
    const catalog = this.#catalog;
    this.#redirect = async () => {
      if (functions.length === 0) return;
      const copies = await copiesOf(client, shadowed, catalog);
      this.#notRedirected = await redirectFunctions(client, functions, copies);
    };
    // A merge, too, loads into copies first, while the functions read the tables.
    if (!isMerge(plan.scope.mode)) await this.#redirect();
    this.#loads = plan.loads.map((load, index) => ({
      ...load,
      table: tables[index] ?? load.table,
    }));
    this.#step("tables");
    return this.#loads;
  }

  insertBatch: NonNullable<RestoreTarget<RehearsalReport>["insertBatch"]> = (
    load,
    statement,
    batch,
  ) =>
    (this.#isTolerant
      ? this.#refused.insert(load, statement, batch)
      : loadRows(this.#session.client, statement, batch)
    ).catch((error: unknown) => {
      this.isRefused ||= isRefusal(error);
      if (!isNotFound(error)) throw error;
      const { schema, name } = load.archived;
      const table = { schema, name };
      throw translateDatabaseError(error, { fallback: "LOAD_FAILED", outcome: NOTHING, table });
    });

  /** Where rows are merged, what is checked and compared is what the tables would be then. */
  async settleRows(plan: ReadPlan, signal: AbortSignal): Promise<void> {
    const { client } = this.#session;
    const { mode } = plan.scope;
    const isOverwriting = mode === "overwrite";
    const complete = isOverwriting ? overwriteInCopy : keepInCopy;
    if (isMerge(mode)) {
      await client.query(FIXED_SETTINGS);
      await this.#redirect();
      await client.query(ownSettings(client));
    }
    for (const merge of isMerge(mode) ? mergesOf(plan, this.#shadows.tables) : []) {
      signal.throwIfAborted();
      const index = this.#shadows.tables.indexOf(merge.copy);
      const { unique = [], rows = [] } = this.#checks.tables[index]?.rules ?? {};
      const isForNewRows =
        unique.some(({ drop }) => !drop.isValid) || rows.some((rule) => rule.isForNewRows);
      if (isOverwriting && isForNewRows) await keepKeys(client, merge);
      await complete(client, merge);
    }
    const computed = await recompute(client, this.#computed);
    const refused = computed.length > 0 ? await readUncomputable(client, plan) : [];
    for (const { table, shadow } of this.#checks.tables) {
      const refusal = refused.find(({ root }) => root === table.oid);
      if (refusal && computed.some(({ name }) => name === shadow.name))
        this.#violations.push(uncomputable(refusal));
    }
  }

  async checkConstraints(_: ReadPlan, signal: AbortSignal): Promise<void> {
    const { client } = this.#session;
    this.#step("loading");
    // As for a load: functions in constraints may rely on the role's own.
    await client.query(ownSettings(client));
    const { violations, doubtful, unchecked } = await checkShadows(
      client,
      this.#checks,
      (table, column) => this.#unknownColumns(table).has(column),
      this.#notRedirected,
      signal,
    );
    this.#doubtful = doubtful;
    await client.query(FIXED_SETTINGS);
    this.#violations.push(...this.#refused.violations(), ...violations);
    this.#notRehearsed.push(...unchecked);
    this.#step("constraints");
  }

  async complete(plan: ReadPlan, signal: AbortSignal): Promise<void> {
    const { client } = this.#session;
    const { onProgress = () => {} } = this.#options;
    this.#warnings.push(...leftOutWarnings(plan), ...encodingWarning(plan));
    const shadowOf = new Map(
      this.#checks.tables.map(({ table, shadow }) => [tableKey(table), shadow]),
    );
    const copyOf = (table: CatalogTable) => shadowOf.get(tableKey(table)) ?? table;
    this.#warnings.push(...(await foreseeSequences(client, plan, copyOf)));
    onProgress({ type: "phase", phase: "comparing" });
    let characters = 0;
    for (const [index, shadowed] of this.#checks.tables.entries()) {
      signal.throwIfAborted();
      const load = this.#loads[index];
      if (!load) continue;
      const withSamples = characters < MAX_SAMPLED_CHARACTERS;
      const table = await this.#compareOrSay(load, shadowed, withSamples);
      characters += JSON.stringify(table.samples).length;
      this.#tables.push(table);
    }
    this.#rights = await this.#compareRights();
    // Where nothing changes, the functions have read what they will read.
    const isChanged = this.#tables.some(({ changes }) => !changes || changes.same < sumOf(changes));
    if (!isChanged) this.#violations.push(...this.#doubtful);
    const untried = this.#notRedirected.filter(({ mayWrite }) => isChanged || mayWrite);
    this.#violations.push(...untried.map(describeUntried));
    this.#notRehearsed.push(...this.#shadows.withoutDefault.map(describeWithoutDefault));
    if (plan.materializedViews.length > 0) {
      this.#notRehearsed.push(
        `Materialised views are refreshed only by the restore itself: ${plan.materializedViews.map(tableLabel).join(", ")}.`,
      );
    }
    this.#step("comparing");
  }

  /** What is replaced need not be readable. */
  async #compareOrSay(
    load: PlannedLoad,
    shadowed: Shadowed,
    withSamples: boolean,
  ): Promise<RehearsedTable> {
    try {
      return await apart(this.#session.client, () => this.#compare(load, shadowed, withSamples));
    } catch (error) {
      if (!isStorageDamage(error)) throw error;
      this.#notRehearsed.push(
        `What is there now in ${tableLabel(load.archived)} cannot be read: ${whyUnreadable(error)}. It was not compared, and cannot be kept: start the restore without a safety backup.`,
      );
      const { schema, name, model, rows } = load.archived;
      return {
        ...{ schema, name, model, rowsInBackup: rows, rowsNow: 0, isDamaged: true, changes: null },
        ...{ key: [], sampleColumns: [], samples: [] },
      };
    }
  }

  async #compare(
    load: PlannedLoad,
    { table, shadow, rules }: Shadowed,
    withSamples: boolean,
  ): Promise<RehearsedTable> {
    const { client } = this.#session;
    const { schema, name, model, rows } = load.archived;
    const { key } = rules;
    const compared = { live: table, shadow, key, ignored: this.#unknownColumns(table) };
    const rehearsed = {
      schema,
      name,
      model,
      rowsInBackup: rows,
      key: key?.columns ?? [],
      sampleColumns: sampledColumns(compared),
    };
    if (!this.#isComparable(load, key?.columns ?? [])) {
      const rowsNow = (await countExactly(client, [table])).get(table) ?? 0;
      return { ...rehearsed, rowsNow, changes: null, samples: [] };
    }
    const changes = await compareRows(client, compared);
    const later = changes.added + changes.changed + changes.same;
    const isRight = isMerge(this.#plan?.scope.mode ?? "replace")
      ? changes.removed === 0
      : later === rows;
    if (!isRight)
      throw new Error(`a copy has ${later} rows after the load, and the archive has ${rows}`);
    const samples = withSamples ? await sampleRows(client, compared, changes) : [];
    const rowsNow = changes.removed + changes.changed + changes.same;
    return { ...rehearsed, rowsNow, changes, samples };
  }

  async #compareRights(): Promise<RightsChanges | null> {
    const { client } = this.#session;
    const { models, signIn } = this.#options;
    const { tables: shadowed } = this.#checks;
    if (!this.#catalog) return null;
    const compared = { catalog: this.#catalog, models, signIn, shadowed };
    return rehearseRights(client, {
      ...compared,
      isComparable: (table, columns) => {
        const load = this.#loads[shadowed.indexOf(table)];
        const rehearsed = this.#tables.find((it) => tableKey(it) === tableKey(table.table));
        if (!load || rehearsed?.isDamaged) return false;
        return this.#isComparable(load, [...(table.rules.key?.columns ?? []), ...columns]);
      },
    });
  }

  /** Not where rows are missing in the copy, or repeat the key, or it is NULL. */
  #isComparable(load: PlannedLoad, key: readonly string[]): boolean {
    if (this.#refused.has(load) || key.some((it) => this.#unknownColumns(load.archived).has(it)))
      return false;
    return !this.#violations.some(
      ({ kind, table, columns }) =>
        tableKey(table) === tableKey(load.archived) &&
        (kind === "unique" || kind === "not-null") &&
        columns.some((column) => key.includes(column)),
    );
  }

  #unknownColumns(table: TableName): Set<string> {
    const { withoutDefault } = this.#shadows;
    return new Set(
      withoutDefault
        .filter((it) => tableKey(it.table) === tableKey(table))
        .map(({ column }) => column),
    );
  }

  async end(): Promise<RehearsalReport> {
    await this.#session.client.query("ROLLBACK");
    return this.#report();
  }

  /** What a function names and nobody finds is no matter of the rows: the restore ends with the same error. */
  obstruct(error: unknown): void {
    if (error instanceof BackupError && isNotFound(error.cause)) this.#obstacles.push(error);
  }

  /** Null where nothing stands in the way before any row is looked at. */
  obstructed(): RehearsalReport | null {
    return this.#obstacles.length > 0 ? this.#report() : null;
  }

  #report(): RehearsalReport {
    return {
      wouldSucceed: this.#obstacles.length === 0 && this.#violations.length === 0,
      elapsedMs: Math.round(performance.now() - this.#startedAt),
      steps: this.#steps,
      obstacles: this.#obstacles.map(toErrorReport),
      drift: boundDrift(this.#plan?.drift ?? []),
      tables: this.#tables,
      violations: this.#violations,
      rights: this.#rights,
      warnings: summariseWarnings(this.#warnings),
      notRehearsed: this.#notRehearsed,
    };
  }

  #step(name: RehearsalReport["steps"][number]["name"]): void {
    const now = performance.now();
    this.#steps.push({ name, elapsedMs: Math.round(now - this.#stepAt) });
    this.#stepAt = now;
  }
}

const oidsOf = (tables: readonly CatalogTable[]): number[] =>
  tables.flatMap(({ oid, partitions }) => [oid, ...partitions.map((partition) => partition.oid)]);

const sumOf = ({ added, removed, changed, same }: RowChanges): number =>
  added + removed + changed + same;

interface Matched {
  catalog: Catalog;
  plan: ReadPlan;
}

/** All that is read: to be restored, and referred to by foreign keys from or to these. */
function involvedTables({ catalog, plan }: Matched) {
  const loaded = new Set(plan.loads.map(({ table }) => tableKey(table)));
  const referred = new Set(
    catalog.foreignKeys
      .filter(({ from }) => loaded.has(tableKey(from)))
      .map(({ to }) => tableKey(to)),
  );
  return [
    ...plan.loads.map(({ table }) => table),
    ...plan.referring,
    // One that the role may not read cannot be locked either; what it says then is not rehearsed.
    ...catalog.tables.filter(
      (table) => table.canSelect && referred.has(tableKey(table)) && !loaded.has(tableKey(table)),
    ),
  ];
}

const shape = (matched: Matched): string =>
  JSON.stringify(
    involvedTables(matched).map(({ oid, columns, partitions }) => [oid, columns, partitions]),
  );
