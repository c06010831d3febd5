/**
 * The backup chosen for a restore: the file, the result of looking inside, and the passphrase or private key that opens
 * it. It stays in memory while this window shows the panel, and is lost on a reload.
 */
import type { RestoreScope, TableName, Unlock } from "../../lib/shared/api.ts";
import { MAX_CHOSEN_ROWS } from "../../lib/shared/limits.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { createExternalState } from "../external-state.ts";
import { ArchiveProblem, type Fault, type LocalVerdict } from "../local/archive-problem.ts";
import type { ArchiveFile } from "../local/chosen-files.ts";
import type { LocalReport } from "../local/local-archive.ts";
import { isCancelled, type LocalArchiveClient } from "../local/local-archive-client.ts";
import type { LocalContents } from "../local/local-archive-session.ts";
import type { TableState, WorkerProgress } from "../local/worker-protocol.ts";

export type Recognised = Exclude<LocalReport, { kind: "not-a-backup" }>;

export interface TableReading {
  state: TableState;
  rows: number;
  bytes: number;
}

type Verification =
  | { name: "idle" }
  | { name: "running"; tables: readonly TableReading[] }
  | { name: "cancelled" }
  | { name: "ended"; verdict: LocalVerdict; tables: readonly TableReading[] }
  /** The worker itself failed, for example because memory ran out. */
  | { name: "failed" };

interface ChosenRows extends TableName {
  model: string | null;
  places: ReadonlySet<number>;
}

export interface ChosenBackup {
  archive: ArchiveFile;
  report: Recognised;
  /** Null if the browser cannot look into this file. */
  client: LocalArchiveClient | null;
  /** What opens it, as far as the browser can tell. Null before the person gave it. */
  secret: Unlock | null;
  /** Whether the upload begins when the check has passed, only when the person says so, or has begun. */
  upload: "by-itself" | "on-request" | "begun" | "cancelled";
  contents: LocalContents | null;
  verification: Verification;
  /** By table key. */
  rows: ReadonlyMap<string, ChosenRows>;
}

let chosen: ChosenBackup | null = null;
let verifying: AbortController | null = null;
const state = createExternalState();

export const useChosenBackup = (): ChosenBackup | null => state.useValue(() => chosen, null);

function set(next: ChosenBackup | null): void {
  chosen = next;
  state.changed();
}

/** Changes the backup if it is still the chosen one, which its client identifies. */
function change(client: LocalArchiveClient | null, changes: Partial<ChosenBackup>): void {
  if (chosen && chosen.client === client) set({ ...chosen, ...changes });
}

export function chooseBackup(
  backup: Pick<ChosenBackup, "archive" | "report" | "client" | "upload">,
): void {
  forgetBackup();
  set({
    ...backup,
    secret: null,
    contents: null,
    verification: { name: "idle" },
    rows: new Map(),
  });
}

/** Forgets the file, its passphrase or private key, and everything read from it. */
export function forgetBackup(): void {
  verifying?.abort();
  verifying = null;
  chosen?.client?.close();
  set(null);
}

/** Whether the browser can look into the backup. Otherwise only the server can check it. */
export const isOpenable = ({ client, report }: ChosenBackup): boolean =>
  client !== null && !(report.kind === "original" && report.isEncrypted);

/** Whether the browser has found nothing wrong. The original's files have no checksums, so they only have to open. */
export const hasPassed = ({ report, contents, verification }: ChosenBackup): boolean =>
  report.kind === "original"
    ? contents !== null
    : verification.name === "ended" && verification.verdict.kind === "fine";

export const isFaulty = ({ verification }: ChosenBackup): boolean =>
  verification.name === "ended" && verification.verdict.kind !== "fine";

export function setUpload(upload: ChosenBackup["upload"], secret = chosen?.secret ?? null): void {
  if (chosen) set({ ...chosen, upload, secret });
}

/** Opens the backup in the browser and starts to verify it. @returns the reason if it does not open, else null */
export async function openBackup(secret: Unlock): Promise<Fault | null> {
  const client = chosen?.client;
  if (!client) return null;
  try {
    const contents = await client.call("unlock", secret);
    change(client, { secret, contents });
    void verifyBackup();
    return null;
  } catch (error) {
    if (error instanceof ArchiveProblem) {
      // The person can type another passphrase. Nothing else changes.
      if (!error.verdict.kind.startsWith("wrong-")) {
        const verification = { name: "ended", verdict: error.verdict, tables: [] } as const;
        change(client, { secret, verification });
      }
      return error.verdict;
    }
    if (!isCancelled(error)) change(client, { secret, verification: { name: "failed" } });
    return null;
  }
}

export async function verifyBackup(): Promise<void> {
  const { client, contents, report } = chosen ?? {};
  // The files of `@vorlefan/prisma-backup` contain no checksums to compare with.
  if (!client || !contents || report?.kind !== "backup") return;
  verifying?.abort();
  const controller = new AbortController();
  verifying = controller;
  let tables: readonly TableReading[] = contents.tables.map(() => ({
    state: "waiting",
    rows: 0,
    bytes: 0,
  }));
  const show = (verification: Verification) => {
    if (verifying === controller) change(client, { verification });
  };
  show({ name: "running", tables });
  try {
    const onProgress = (progress: WorkerProgress) => {
      if (progress.type !== "tables") return;
      const next = tables.slice();
      for (const [index, state, rows, bytes] of progress.tables) {
        next[index] = { state, rows, bytes };
      }
      tables = next;
      show({ name: "running", tables });
    };
    const options = { signal: controller.signal, onProgress };
    const verdict = await client.call("verify", null, options);
    show({ name: "ended", verdict, tables });
  } catch (error) {
    show({ name: isCancelled(error) ? "cancelled" : "failed" });
  }
}

/** Also keeps the upload from beginning by itself. */
export function cancelVerification(): void {
  setUpload("on-request");
  verifying?.abort();
}

export const countChosenRows = (rows: ChosenBackup["rows"]): number =>
  [...rows.values()].reduce((sum, { places }) => sum + places.size, 0);

/** Selects or deselects rows of a table. @returns false if that would be too many */
export function chooseRows(
  table: TableName & { model: string | null },
  places: Iterable<number>,
  isChosen: boolean,
): boolean {
  if (!chosen) return false;
  const { schema, name, model } = table;
  const key = tableKey(table);
  const next = new Set(chosen.rows.get(key)?.places);
  for (const place of places) {
    if (isChosen) next.add(place);
    else next.delete(place);
  }
  const rows = new Map(chosen.rows);
  if (next.size === 0) rows.delete(key);
  else rows.set(key, { schema, name, model, places: next });
  if (isChosen && countChosenRows(rows) > MAX_CHOSEN_ROWS) return false;
  set({ ...chosen, rows });
  return true;
}

export function chooseNoRows(): void {
  if (chosen) set({ ...chosen, rows: new Map() });
}

/** The scope of the restore. Undefined if everything is restored. */
export function scopeOf({ rows }: ChosenBackup): RestoreScope | undefined {
  if (rows.size === 0) return undefined;
  return {
    mode: "keep-existing",
    rows: [...rows.values()].map(({ schema, name, places }) => ({
      schema,
      name,
      places: [...places].sort((a, b) => a - b),
    })),
  };
}
