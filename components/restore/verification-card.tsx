import { VERDICT_TITLES } from "../../lib/shared/archive-verdict.ts";
import { formatBytes, formatCount, formatNoun, formatTables } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import type { Fault } from "../local/archive-problem.ts";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import type { ChosenBackup, TableReading } from "./chosen-file-store.ts";
import { SaveWholeTables } from "./save-whole-tables.tsx";

/** Shows whether every byte of the backup is unchanged since it was made. */
export function VerificationCard({ backup }: { backup: ChosenBackup }) {
  const { verification, contents } = backup;
  switch (verification.name) {
    case "idle":
      return null;
    case "running":
      return (
        <Card>
          <Running backup={backup} tables={verification.tables} />
        </Card>
      );
    case "cancelled":
      return (
        <Notice role="status" title="The check was cancelled.">
          <p>The server checks the backup after the upload.</p>
        </Notice>
      );
    case "failed":
      return (
        <Notice tone="warn" role="alert" title="You cannot look into it here.">
          <p>
            The browser stopped. It may have run out of memory. The server checks every byte of the
            backup after the upload instead.
          </p>
        </Notice>
      );
    case "ended":
      return verification.verdict.kind === "fine" ? (
        <Fine contents={contents} />
      ) : (
        <Faulty backup={backup} verdict={verification.verdict} readings={verification.tables} />
      );
    default:
      throw verification satisfies never;
  }
}

function Running({ backup, tables }: { backup: ChosenBackup; tables: readonly TableReading[] }) {
  const all = backup.contents?.tables ?? [];
  const totalBytes = all.reduce((sum, table) => sum + table.jsonBytes, 0);
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const at = tables.findIndex(({ state }) => state === "running");
  const current = all[at];
  return (
    <div className="pba:grid pba:gap-3">
      <div className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4">
        <p role="status" className="pba:font-medium">
          Checking every byte
        </p>
        <p className="pba:text-muted">
          {formatBytes(bytes)} of {formatBytes(totalBytes)}
        </p>
      </div>
      <Progress label="Check" fraction={totalBytes === 0 ? 1 : bytes / totalBytes} />
      <p className="pba:wrap-anywhere pba:text-muted">
        {current
          ? `${tableLabel(current)}, ${formatCount(tables[at]?.rows ?? 0)} of ${formatNoun(current.rows ?? 0, "row")}`
          : ""}
      </p>
    </div>
  );
}

function Fine({ contents }: Pick<ChosenBackup, "contents">) {
  return (
    <Notice tone="good" role="status" title={VERDICT_TITLES.fine}>
      <p>
        Every byte and every row of{" "}
        {formatTables(contents?.tables.length ?? 0, contents?.tablesInDatabase)} is what was backed
        up. After the upload, the server checks whether they fit this database.
      </p>
      {contents?.madeOf && !contents.isEncrypted && (
        <p>
          It is not encrypted. This check finds damage, but no deliberate forgery by someone who had
          the file.
        </p>
      )}
      {contents?.madeOf && contents.isEncrypted && !contents.provesReadme && (
        <p>
          Its README.txt was not checked: the version that made this backup stored no checksum of
          it.
        </p>
      )}
    </Notice>
  );
}

interface FaultyProps {
  backup: ChosenBackup;
  verdict: Fault;
  readings: readonly TableReading[];
}

function Faulty({ backup, verdict, readings }: FaultyProps) {
  return (
    <Notice tone="bad" role="alert" title={VERDICT_TITLES[verdict.kind]}>
      <p>{verdict.message}</p>
      {verdict.kind === "damaged" && verdict.tables.length > 0 && (
        <ul aria-label="Damaged tables" className="pba:font-mono pba:text-xs">
          {verdict.tables.map((table) => (
            <li key={tableLabel(table)} className="pba:wrap-anywhere">
              {tableLabel(table)}
            </li>
          ))}
        </ul>
      )}
      <p>
        {backup.upload !== "begun" && "Nothing was uploaded. "}The server refuses such a backup.{" "}
        {verdict.kind !== "newer-version" && "Choose another copy of it, or an older backup."}
      </p>
      {verdict.kind === "damaged" && <SaveWholeTables {...{ backup, readings }} />}
    </Notice>
  );
}
