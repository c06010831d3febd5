import type { ReactNode } from "react";
import type { Actor } from "../../lib/shared/api.ts";
import { formatBytes, formatCount, formatDuration, formatMoment } from "../../lib/shared/format.ts";
import type { Receipt } from "../../lib/shared/receipt.ts";
import { tableKey, tableLabel } from "../../lib/shared/table-name.ts";
import { CheckList } from "../common/check-list.tsx";
import { CopyButton } from "../common/copy-button.tsx";
import { type Fact, Facts } from "../common/facts.tsx";
import { DriftList, WarningList } from "../common/findings.tsx";
import { ENCRYPTION_LABELS } from "../common/operation-wording.ts";
import { TableTitle } from "../common/table-title.tsx";
import { Undoes } from "../common/undoes.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { ReceiptTables } from "./receipt-tables.tsx";
import { scopeText } from "./receipt-wording.ts";

export function ReceiptDetails({ receipt }: { receipt: Receipt }) {
  const { error, checks, drift, warnings, leftOut, kind } = receipt;
  return (
    <>
      {error && (
        <Notice tone="bad" title={error.message}>
          {error.hint && <p>{error.hint}</p>}
          <p className="pba:text-xs pba:text-muted">
            Code <code className="pba:font-mono">{error.code}</code>
          </p>
        </Notice>
      )}
      <Card title={`The ${kind}`}>
        <Facts className={WIDE_FACTS} facts={factsOf(receipt)} />
      </Card>
      <Card title={kind === "restore" ? "The restored backup" : "The backup"}>
        <Facts className={WIDE_FACTS} facts={archiveFacts(receipt)} />
        <Archive receipt={receipt} />
      </Card>
      <ReceiptTables receipt={receipt} />
      {leftOut.length > 0 && (
        <Card title="Left as they were">
          <ul className="pba:grid pba:gap-2">
            {leftOut.map((table) => (
              <li key={tableKey(table)}>
                <TableTitle table={table} />
                {table.reason && <span className="pba:text-muted"> · {table.reason}</span>}
              </li>
            ))}
          </ul>
        </Card>
      )}
      <Sequences receipt={receipt} />
      {checks.length > 0 && (
        <Card title="Checks">
          <CheckList checks={checks} />
        </Card>
      )}
      {drift.length > 0 && (
        <Card
          title="Differences"
          description="The backup's schema and this database's differed here."
        >
          <DriftList drift={drift} />
        </Card>
      )}
      {warnings.length > 0 && (
        <Card title="Warnings">
          <WarningList warnings={warnings} />
        </Card>
      )}
    </>
  );
}

const SMALL_PRINT = "pba:block pba:font-mono pba:text-xs pba:font-normal pba:break-all";
const WIDE_FACTS = "pba:grid-cols-[repeat(auto-fill,minmax(11rem,1fr))]";

const moment = (iso: string): ReactNode => <time dateTime={iso}>{formatMoment(iso)}</time>;

/** Leaves out facts without a value. */
const present = (facts: Array<{ label: string; value: ReactNode | null }>): Fact[] =>
  facts.filter(({ value }) => value !== null);

function factsOf(receipt: Receipt): Fact[] {
  const { kind, startedAt, endedAt, elapsedMs, scope, safetyBackup, undoes } = receipt;
  return present([
    { label: "Who", value: <Person {...receipt.actor} /> },
    { label: "Cancelled by", value: receipt.cancelledBy && <Person {...receipt.cancelledBy} /> },
    { label: "Begun", value: moment(startedAt ?? receipt.createdAt) },
    { label: "Ended", value: endedAt && moment(endedAt) },
    { label: "Time", value: elapsedMs === null ? null : formatDuration(elapsedMs) },
    { label: "What", value: scope && scopeText(scope) },
    { label: "Undoes", value: undoes && <Undoes id={undoes} /> },
    {
      label: "Safety backup",
      value:
        kind === "backup"
          ? null
          : safetyBackup
            ? `Made, ${formatBytes(safetyBackup.sizeBytes)}`
            : "None was made",
    },
    {
      label: "Operation",
      value: <span className={SMALL_PRINT}>{receipt.operationId}</span>,
    },
  ]);
}

const Person = ({ id, name }: Actor) => (
  <>
    {name}
    {name !== id && <span className={SMALL_PRINT}>{id}</span>}
  </>
);

function archiveFacts({ archive, backup, kind }: Receipt): Fact[] {
  const database = backup?.database;
  return present([
    { label: "Made", value: backup?.createdAt ? moment(backup.createdAt) : null },
    {
      label: "From",
      value: database ? `${database.name} · PostgreSQL ${database.serverVersion}` : null,
    },
    {
      label: "Made by",
      value:
        backup &&
        (backup.formatVersion === null
          ? backup.tool
          : `${backup.tool}, format ${backup.formatVersion}`),
    },
    {
      label: "Size",
      value: archive.sizeBytes === undefined ? null : formatBytes(archive.sizeBytes),
    },
    {
      label: "Encryption",
      value: archive.encryption && ENCRYPTION_LABELS[archive.encryption],
    },
    ...(kind === "backup" && archive.sizeBytes === undefined
      ? [{ label: "Size", value: "The backup was not finished" }]
      : []),
  ]);
}

function Archive({ receipt: { archive } }: { receipt: Receipt }) {
  return (
    <dl className="pba:mt-4 pba:grid pba:gap-3">
      <div>
        <dt className="pba:text-xs pba:text-muted">File</dt>
        <dd className="pba:mt-0.5 pba:font-mono pba:text-xs pba:break-all">{archive.fileName}</dd>
      </div>
      {archive.sha256 && (
        <div>
          <dt className="pba:text-xs pba:text-muted">sha256 of the file</dt>
          <dd className="pba:mt-0.5 pba:flex pba:flex-wrap pba:items-center pba:gap-x-3 pba:gap-y-1">
            <span className="pba:font-mono pba:text-xs pba:break-all">{archive.sha256}</span>
            <CopyButton
              text={archive.sha256}
              label="Copy the sha256 of the file"
              isIcon
              className="pba:size-7 pba:min-h-0 pba:p-0 pba:print:hidden pba:[&_svg]:size-3.5"
            />
          </dd>
        </div>
      )}
    </dl>
  );
}

function Sequences({ receipt: { kind, sequences, sequenceStates } }: { receipt: Receipt }) {
  if (sequenceStates.length === 0) {
    if (sequences === 0) return null;
    return (
      <Card title="Sequences">
        <p>
          {formatCount(sequences)} {kind === "backup" ? "saved" : "set"}.
        </p>
      </Card>
    );
  }
  return (
    <Card title="Sequences" description="Their values at the end of the restore.">
      <table className="pba:w-full">
        <thead>
          <tr className="pba:border-b pba:border-line pba:text-left pba:text-xs pba:text-muted pba:[&_th]:pb-2 pba:[&_th]:font-medium">
            <th scope="col">Sequence</th>
            <th scope="col" className="pba:pl-4 pba:text-right">
              Value
            </th>
          </tr>
        </thead>
        <tbody className="pba:divide-y pba:divide-line">
          {sequenceStates.map((sequence) => (
            <tr key={tableKey(sequence)} className="pba:break-inside-avoid">
              <th
                scope="row"
                className="pba:py-1.5 pba:text-left pba:font-mono pba:text-xs pba:font-normal pba:wrap-anywhere"
              >
                {tableLabel(sequence)}
              </th>
              <td className="pba:py-1.5 pba:pl-4 pba:text-right pba:wrap-anywhere">
                {sequence.lastValue}
                {!sequence.isCalled && <span className="pba:text-muted">, not used yet</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Card>
  );
}
