import { VERDICT_TITLES } from "../../lib/shared/archive-verdict.ts";
import { formatBytes, formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import type { LocalVerdict } from "../local/archive-problem.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import {
  type ChosenBackup,
  cancelVerification,
  type TableReading,
  verifyBackup,
} from "./chosen-file-store.ts";

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
        <Notice
          title="The verification was cancelled."
          actions={<Button onClick={() => void verifyBackup()}>Verify it</Button>}
        >
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
      return <Verdict verdict={verification.verdict} contents={contents} />;
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
          Verifying every byte
        </p>
        <p className="pba:text-muted">
          {formatBytes(bytes)} of {formatBytes(totalBytes)}
        </p>
      </div>
      <Progress label="Verification" fraction={totalBytes === 0 ? 1 : bytes / totalBytes} />
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-3">
        <p className="pba:min-w-0 pba:wrap-anywhere pba:text-muted">
          {current
            ? `${tableLabel(current)}, ${formatCount(tables[at]?.rows ?? 0)} of ${formatNoun(current.rows ?? 0, "row")}`
            : ""}
        </p>
        <Button size="small" onClick={cancelVerification}>
          Cancel
        </Button>
      </div>
    </div>
  );
}

function Verdict(props: { verdict: LocalVerdict; contents: ChosenBackup["contents"] }) {
  const { verdict, contents } = props;
  if (verdict.kind === "fine") {
    return (
      <Notice tone="good" role="status" title={VERDICT_TITLES.fine}>
        <p>
          Every byte and every row of {formatNoun(contents?.tables.length ?? 0, "table")} is what
          was backed up. After the upload, the server checks whether they fit this database.
        </p>
        {contents?.madeOf && !contents.isEncrypted && (
          <p>
            It is not encrypted. This check finds damage, but no deliberate forgery by someone who
            had the file.
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
        {verdict.kind === "newer-version"
          ? "Nothing was uploaded."
          : "Nothing was uploaded. The server would refuse this backup. Choose another copy of it, or an older backup."}
      </p>
    </Notice>
  );
}
