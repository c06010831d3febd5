import {
  type ArchiveIdentity,
  type EncryptionMode,
  isEnded,
  type ManifestSummary,
  type Operation,
  type OperationResult,
  type RestorePlan,
  type RestoreScope,
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
export interface Receipt
  extends Pick<
      Operation,
      "kind" | "state" | "changed" | "undoes" | "actor" | "cancelledBy" | "error"
    >,
    Pick<Operation, "createdAt" | "startedAt" | "endedAt">,
    Pick<RestorePlan, "checks" | "drift" | "warnings">,
    Required<Pick<OperationResult, "sequences" | "sequenceStates">> {
  format: "prisma-backup-admin receipt";
  version: 1;
  operationId: string;
  /** Duration of the backup or restore itself, without its check and the waiting. */
  elapsedMs: number | null;
  archive: Partial<ArchiveIdentity> & { fileName: string; encryption: EncryptionMode | null };
  /** restore: what the archive says about itself. `@vorlefan/prisma-backup` stored neither time nor database. */
  backup: Pick<ManifestSummary, "createdAt" | "tool" | "formatVersion" | "database"> | null;
  /** restore: which part of the backup was chosen, and the mode. */
  scope: {
    mode: RestoreScope["mode"];
    tables: TableName[] | null;
    chosenRows: number | null;
  } | null;
  tables: ReceiptTable[];
  /** How many the backup could choose from. Null if it does not say. */
  tablesInDatabase: number | null;
  /** restore: tables that were not changed. */
  leftOut: Array<Named & { reason: string | null }>;
  /** Without whether it is still kept, because a receipt does not change. */
  safetyBackup: Omit<SafetyBackup, "isKept" | "keptUntil"> | null;
}

/** @returns null while the operation has not ended */
export function toReceipt(operation: Operation): Receipt | null {
  const { id, kind, state, changed, undoes, actor, cancelledBy, error } = operation;
  const { createdAt, startedAt, endedAt, fileName, encryption, plan, result, archive } = operation;
  if (!isEnded(state)) return null;
  return {
    format: "prisma-backup-admin receipt",
    version: 1,
    operationId: id,
    kind,
    state,
    changed,
    undoes,
    actor,
    cancelledBy,
    createdAt,
    startedAt,
    endedAt,
    elapsedMs: result?.elapsedMs ?? null,
    archive: { fileName, encryption, ...archive },
    backup: plan && toBackup(plan.manifest),
    scope: plan && toScope(plan.scope),
    tables: (result?.tables ?? []).map(
      ({ schema, name, model, rowsBefore, rowsAfter, rows, jsonBytes, jsonSha256 }) => ({
        schema,
        name,
        model,
        rowsBefore: rowsBefore ?? null,
        rowsAfter: rowsAfter ?? null,
        rowsInBackup: rows,
        jsonBytes,
        jsonSha256: jsonSha256 ?? null,
      }),
    ),
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
    error,
  };
}

const toBackup = ({
  createdAt,
  tool,
  formatVersion,
  database,
}: ManifestSummary): Receipt["backup"] => ({ createdAt, tool, formatVersion, database });

const toScope = ({ mode, tables, rows }: RestoreScope): Receipt["scope"] => ({
  mode,
  tables: tables ?? null,
  chosenRows: rows?.reduce((sum, { places }) => sum + places.length, 0) ?? null,
});

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
