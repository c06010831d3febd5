/** Reports what this library's own sessions wait for. Another connection looks while they wait. */
import type pg from "pg";
import { formatSome } from "../../shared/format.ts";
import { describeHolder, findBlockers, type LockHolder } from "../lock-holders.ts";

interface Watched {
  /** Who blocks the running statement. */
  holders: readonly LockHolder[];
  /** Increases with each statement. */
  turn: number;
  waitsFor: string | null;
  report?: (waitsFor: string | null) => void;
}

const LOOK_MS = 250;

/** When to ask again if no connection is available for it, for example because the role may not open more. */
const AGAIN_MS = 5_000;

/** Shorter waits are not reported. */
const LONG_MS = 1_000;

const watched = new WeakMap<pg.ClientBase, Watched>();
const failures = new WeakMap<object, readonly LockHolder[]>();

/** Who blocked the statement that failed with this error. */
export const holdersBehind = (error: object): readonly LockHolder[] => failures.get(error) ?? [];

/**
 * Calls `report` when the session has waited for a second, either for locks of others or, at its commit, for a standby.
 * Calls it with null when the session goes on.
 *
 * @returns a function that stops the reports
 */
export function reportWaits(
  client: pg.ClientBase,
  report: (waitsFor: string | null) => void,
): () => void {
  const state = watched.get(client);
  if (!state) return () => {};
  state.report = report;
  return () => {
    delete state.report;
  };
}

/** Watches the sessions of one database, as long as there are any. */
export class SessionWatch {
  readonly #pool: pg.Pool;
  readonly #clients = new Set<pg.Client>();
  #timer: NodeJS.Timeout | undefined;
  #asking: Promise<void> | undefined;
  #askAgainAt = 0;

  constructor(pool: pg.Pool) {
    this.#pool = pool;
  }

  /** Watches a connection until it ends. */
  add(client: pg.Client): void {
    const state: Watched = { holders: [], turn: 0, waitsFor: null };
    watched.set(client, state);
    this.#clients.add(client);
    client.connection.on("errorMessage", (error: object) => {
      if (state.holders.length > 0) failures.set(error, state.holders);
    });
    client.connection.on("readyForQuery", () => {
      state.turn++;
      state.holders = [];
      say(state, null);
    });
    client.once("end", () => {
      this.#clients.delete(client);
      if (this.#clients.size === 0) clearInterval(this.#timer);
    });
    if (this.#clients.size === 1)
      this.#timer = setInterval(() => void this.#look(), LOOK_MS).unref();
  }

  async #look(): Promise<void> {
    const busy = [...this.#clients].filter(({ readyForQuery }) => !readyForQuery);
    if (busy.length === 0 || this.#asking || performance.now() < this.#askAgainAt) return;
    this.#asking = this.#ask(busy).catch(() => {
      this.#askAgainAt = performance.now() + AGAIN_MS;
    });
    await this.#asking;
    this.#asking = undefined;
  }

  /** Resolves when the watch uses none of the pool's connections. */
  async isQuiet(): Promise<void> {
    await this.#asking;
  }

  async #ask(busy: readonly pg.Client[]): Promise<void> {
    const turns = busy.map((client) => watched.get(client)?.turn);
    const waits = await findWaits(
      this.#pool,
      busy.map(({ processID }) => processID ?? 0),
    );
    if (waits.length === 0) return;
    const holders = await findBlockers(
      this.#pool,
      waits.flatMap(({ pid, isForStandby }) => (isForStandby ? [] : [pid])),
    );
    for (const [index, client] of busy.entries()) {
      const state = watched.get(client);
      const wait = waits.find(({ pid }) => pid === client.processID);
      if (!state || !wait || state.turn !== turns[index]) continue;
      state.holders = holders.filter(({ waiting }) => waiting === wait.pid);
      if (wait.elapsedMs < LONG_MS) continue;
      say(state, wait.isForStandby ? STANDBY : describeWait(state.holders));
    }
  }
}

function say(state: Watched, waitsFor: string | null): void {
  if (state.waitsFor === waitsFor) return;
  state.waitsFor = waitsFor;
  state.report?.(waitsFor);
}

interface Wait {
  pid: number;
  /** The session waits at its commit. */
  isForStandby: boolean;
  elapsedMs: number;
}

/** @throws if there is no connection to ask with */
async function findWaits(pool: pg.Pool, pids: readonly number[]): Promise<Wait[]> {
  const { rows } = await pool.query<Wait>(
    `SELECT a.pid, a.wait_event = 'SyncRep' AS "isForStandby",
       (1000 * extract(epoch FROM pg_catalog.clock_timestamp() - coalesce(l.waitstart, a.query_start)))::float8 AS "elapsedMs"
     FROM pg_catalog.pg_stat_activity a LEFT JOIN pg_catalog.pg_locks l ON l.pid = a.pid AND NOT l.granted
     WHERE a.pid = ANY ($1) AND (a.wait_event = 'SyncRep' OR l.pid IS NOT NULL)`,
    [pids],
  );
  return rows;
}

const STANDBY =
  "It is committed on this server, and waits for a synchronous standby, none of which answers. Until one does, or synchronous_standby_names is changed, its tables stay locked. Cancelling ends the waiting, not the restore.";

/** Leaves out durations, which would make a new sentence each time. */
const describeWait = (holders: readonly LockHolder[]): string =>
  holders.length === 0
    ? "It waits for a lock."
    : `It waits for ${formatSome(
        holders.map((it) => describeHolder({ ...it, runsFor: null, isIdle: null })),
        "; ",
      )}.`;
