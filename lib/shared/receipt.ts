import {
  type Actor,
  type ArchiveIdentity,
  type Check,
  type Drift,
  type EncryptionMode,
  type ErrorReport,
  isEnded,
  type Operation,
  type OperationKind,
  type OperationState,
  type RestoreMode,
  type SafetyBackup,
  type TableName,
  type Warning,
} from "./api.ts";

type Named = TableName & { model: string | null };

export interface ReceiptTable extends Named {
  /** restore: exact number of rows in the database, null if the result lacks it. backup: null. */
  rowsBefore: number | null;
  rowsAfter: number | null;
  /** Number of rows in the archive. */
  rowsInBackup: number;
  jsonBytes: number;
  /** SHA-256 of the table's JSON in the archive, in hexadecimal. */
  jsonSha256: string | null;
}

/** The record of an operation that has ended: who did what, from which archive, and the result. */
export interface Receipt {
  format: "prisma-backup-admin receipt";
  version: 1;
  operationId: string;
  kind: OperationKind;
  state: OperationState;
  /** Whether the database was changed. */
  changed: Operation["changed"];
  /** restore: id of the restore that this one undoes. */
  undoes: string | null;
  actor: Actor;
  cancelledBy: Actor | null;
  createdAt: string;
  startedAt: string | null;
  endedAt: string | null;
  /** Duration of the backup or restore itself, without its check and the waiting. */
  elapsedMs: number | null;
  archive: Partial<ArchiveIdentity> & { fileName: string; encryption: EncryptionMode | null };
  /** restore: what the archive says about itself. `@vorlefan/prisma-backup` stored neither time nor database. */
  backup: {
    createdAt: string | null;
    tool: string;
    formatVersion: number | null;
    database: { name: string; serverVersion: string } | null;
  } | null;
  /** restore: which part of the backup was chosen, and the mode. */
  scope: { mode: RestoreMode; tables: TableName[] | null; chosenRows: number | null } | null;
  tables: ReceiptTable[];
  /** How many the backup could choose from. Null if it does not say. */
  tablesInDatabase: number | null;
  /** restore: tables that were not changed. */
  leftOut: Array<Named & { reason: string | null }>;
  /** Number of sequences that were saved or set. */
  sequences: number;
  /** restore: the sequences' states after it. */
  sequenceStates: Array<TableName & { lastValue: string; isCalled: boolean }>;
  checks: Check[];
  drift: Drift[];
  warnings: Warning[];
  /** Without whether it is still kept, because a receipt does not change. */
  safetyBackup: Omit<SafetyBackup, "isKept" | "keptUntil"> | null;
  error: ErrorReport | null;
}

/** @returns null while the operation has not ended */
export function toReceipt(operation: Operation): Receipt | null {
  const { kind, state, plan, result, archive } = operation;
  if (!isEnded(state)) return null;
  return {
    format: "prisma-backup-admin receipt",
    version: 1,
    operationId: operation.id,
    kind,
    state,
    changed: operation.changed,
    undoes: operation.undoes,
    actor: operation.actor,
    cancelledBy: operation.cancelledBy,
    createdAt: operation.createdAt,
    startedAt: operation.startedAt,
    endedAt: operation.endedAt,
    elapsedMs: result?.elapsedMs ?? null,
    archive: { fileName: operation.fileName, encryption: operation.encryption, ...archive },
    backup: plan && {
      createdAt: plan.manifest.createdAt,
      tool: plan.manifest.tool,
      formatVersion: plan.manifest.formatVersion,
      database: plan.manifest.database,
    },
    scope: plan && {
      mode: plan.scope.mode,
      tables: plan.scope.tables ?? null,
      chosenRows: plan.scope.rows?.reduce((sum, { places }) => sum + places.length, 0) ?? null,
    },
    tables: (result?.tables ?? []).map((table) => ({
      schema: table.schema,
      name: table.name,
      model: table.model,
      rowsBefore: table.rowsBefore ?? null,
      rowsAfter: table.rowsAfter ?? null,
      rowsInBackup: table.rows,
      jsonBytes: table.jsonBytes,
      jsonSha256: table.jsonSha256 ?? null,
    })),
    tablesInDatabase: result?.tablesInDatabase ?? plan?.manifest.tablesInDatabase ?? null,
    leftOut: (plan?.tables ?? [])
      .filter(({ action }) => action === "skip")
      .map(({ schema, name, model, reason }) => ({ schema, name, model, reason: reason ?? null })),
    sequences: result?.sequences ?? 0,
    sequenceStates: result?.sequenceStates ?? [],
    checks: plan?.checks ?? [],
    drift: plan?.drift ?? [],
    warnings: withoutRepeats([...(plan?.warnings ?? []), ...(result?.warnings ?? [])]),
    safetyBackup: withoutState(operation.safetyBackup),
    error: operation.error,
  };
}

function withoutState(backup: SafetyBackup | null): Receipt["safetyBackup"] {
  if (!backup) return null;
  const { isKept: _, keptUntil: __, ...made } = backup;
  return made;
}

/** Removes duplicates, because the check and the restore may give the same warning. */
function withoutRepeats(warnings: Warning[]): Warning[] {
  const byText = new Map(
    warnings.map((warning) => [`${warning.code} ${warning.message}`, warning] as const),
  );
  return [...byText.values()];
}
