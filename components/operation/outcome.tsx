import Link from "next/link";
import type { Operation, OperationResult, Warning } from "../../lib/shared/api.ts";
import { VERDICT_TITLES, verdictOfError } from "../../lib/shared/archive-verdict.ts";
import type { ErrorCode } from "../../lib/shared/error-codes.ts";
import { formatBytes, formatCount, formatDuration } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { type Fact, Facts } from "../common/facts.tsx";
import { WarningList } from "../common/findings.tsx";
import { isOfOriginal, truthOf } from "../common/operation-wording.ts";
import { UndoRestore } from "../common/undo-restore.tsx";
import { SavedBackup } from "../create/saved-backup.tsx";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ReceiptText } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { ResultTables } from "./result-tables.tsx";
import { TableProgressCard } from "./table-progress-card.tsx";
import { UnlockAgain } from "./unlock-again.tsx";
import { useOrder } from "./use-order.ts";

/** Shows how an operation ended, and what is true now. */
export function Outcome({ operation }: { operation: Operation }) {
  const { plan, result } = operation;
  return (
    <>
      <Verdict operation={operation} />
      <UndoRestore operation={operation} />
      {result && (
        <>
          <Card title="Result">
            <Facts facts={factsOf(result)} />
          </Card>
          <Warnings title="Warnings" warnings={result.warnings} />
          <ResultTables operation={operation} tables={result.tables} />
        </>
      )}
      {isDone(operation) && isOfOriginal(plan) && (
        <Warnings title="Known before the restore" warnings={plan?.warnings ?? []} />
      )}
      {!result && !isDone(operation) && <HowFar operation={operation} />}
    </>
  );
}

function Warnings({ title, warnings }: { title: string; warnings: Warning[] }) {
  if (warnings.length === 0) return null;
  return (
    <Card title={title}>
      <WarningList warnings={warnings} />
    </Card>
  );
}

function HowFar({ operation }: { operation: Operation }) {
  const { kind, state, progress, changed } = operation;
  const order = useOrder(operation);
  const isCheck = progress.phase === "verifying";
  // A check that the person discarded had already ended, so it was not stopped.
  if (progress.tables.length === 0 || (isCheck && state === "cancelled")) return null;
  const isRolledBack = kind === "restore" && !isCheck && changed === "nothing";
  return (
    <TableProgressCard
      title="How far it came"
      description={
        isRolledBack
          ? "Nothing was changed. A restore happens completely or not at all."
          : undefined
      }
      order={order}
      tables={progress.tables}
      rates={null}
      isStopped
    />
  );
}

/** Also true if the process died just after the commit. */
const isDone = ({ kind, state, changed }: Operation): boolean =>
  state === "succeeded" || (kind === "restore" && changed === "everything");

function Verdict({ operation }: { operation: Operation }) {
  const truth = truthOf(operation);
  if (isDone(operation)) {
    return operation.kind === "restore" ? (
      <Notice tone="good" title={truth} actions={<ReceiptLink {...operation} />}>
        <p>{restoredText(operation)}</p>
      </Notice>
    ) : (
      <SavedBackup operation={operation}>
        <ReceiptLink {...operation} />
      </SavedBackup>
    );
  }
  if (operation.state === "cancelled") {
    return (
      <Notice
        title={`This ${nounOf(operation)} was cancelled.`}
        actions={
          <>
            <Again {...operation} />
            <ReceiptLink {...operation} />
          </>
        }
      >
        <p>{truth}</p>
      </Notice>
    );
  }
  return <Failure operation={operation} truth={truth} />;
}

function Failure({ operation, truth }: { operation: Operation; truth: string }) {
  const { kind, error, state, changed } = operation;
  const ending =
    state === "interrupted"
      ? `This ${nounOf(operation)} was interrupted.`
      : `This ${nounOf(operation)} has failed.`;
  // Use the same words as the check in the browser.
  const verdict = kind === "restore" && error ? verdictOfError(error) : null;
  const title = verdict ? `${ending} ${VERDICT_TITLES[verdict]}` : ending;
  return (
    <>
      {error ? (
        <ErrorNotice error={error} title={title} truth={truth}>
          {kind === "restore" && ROW_ERRORS.includes(error.code) && (
            <p>
              A trial run finds all rows that violate a constraint, and says what to do about each.
            </p>
          )}
        </ErrorNotice>
      ) : (
        <Notice tone="bad" role="alert" title={title}>
          <p className="pba:font-semibold">{truth}</p>
          <p>The server's process ended before the {kind} did.</p>
        </Notice>
      )}
      <UnlockAgain operation={operation} />
      {changed !== "unknown" && (
        <div className="pba:flex pba:flex-wrap pba:gap-2">
          <Again {...operation} />
          <ReceiptLink {...operation} />
        </div>
      )}
    </>
  );
}

const nounOf = ({ kind, undoes }: Operation): string => (undoes ? "undo" : kind);

/** Errors about rows that the database rejects. */
const ROW_ERRORS: readonly ErrorCode[] = ["LOAD_FAILED", "CONSTRAINT_VIOLATED"];

function Again({ kind, undoes }: Pick<Operation, "kind" | "undoes">) {
  const { paths } = usePanel();
  return (
    <Button asChild>
      {kind === "backup" ? (
        <Link href={paths.create}>Create another backup</Link>
      ) : undoes ? (
        <Link href={paths.operation(undoes)}>Undo again</Link>
      ) : (
        <Link href={paths.restore}>Restore again</Link>
      )}
    </Button>
  );
}

function ReceiptLink({ id }: Pick<Operation, "id">) {
  const { paths } = usePanel();
  return (
    <Button asChild>
      <Link href={paths.operationStep(id, "receipt")}>
        <ReceiptText aria-hidden />
        Receipt
      </Link>
    </Button>
  );
}

function restoredText({ plan, result, undoes }: Operation): string {
  const mode = plan?.scope.mode;
  if (mode === "keep-existing") {
    return "Rows whose keys were missing were added. Existing rows stayed as they were. Nothing was deleted.";
  }
  if (mode === "overwrite") {
    return "Rows with the same key were replaced by the backup's rows. The other rows of the backup were added. Nothing was deleted.";
  }
  return isOfOriginal(plan)
    ? "Every row in the files of @vorlefan/prisma-backup is in its table, and every foreign key holds. The next value of each sequence follows the highest value in its columns. Data that the files did not contain is not back."
    : `The rows of the restored tables, their foreign keys and their sequences are as they were ${undoes ? "just before the restore" : "when the backup was made"}${result?.warnings.some(isOfSequence) ? ", except for the sequences that the warnings name" : ""}.`;
}

/** Whether the warning is about a sequence whose value differs from the backup's. */
const isOfSequence = ({ code }: Warning): boolean =>
  ["SEQUENCE_RAISED", "SEQUENCE_NOT_SET_BACK", "SEQUENCE_LEFT_OUT"].includes(code);

function factsOf(result: OperationResult): Fact[] {
  const facts: Fact[] = [
    { label: "Tables", value: formatCount(result.tables.length) },
    { label: "Rows", value: formatCount(result.rows) },
    { label: "Sequences", value: formatCount(result.sequences) },
    { label: "Data", value: formatBytes(result.jsonBytes) },
    { label: "Time", value: formatDuration(result.elapsedMs) },
  ];
  if (result.archiveBytes !== undefined) {
    facts.splice(4, 0, { label: "Backup", value: formatBytes(result.archiveBytes) });
  }
  return facts;
}
