import Link from "next/link";
import { formatNoun } from "../../lib/shared/format.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Upload } from "../ui/icons.ts";
import { type ChosenBackup, chooseNoRows, countChosenRows } from "./chosen-file-store.ts";

/** Leads to the upload, depending on the result of the check so far. */
export function ContinueToUpload({
  backup,
  isOpenable,
}: {
  backup: ChosenBackup;
  isOpenable: boolean;
}) {
  const { paths } = usePanel();
  const { verification, rows, report } = backup;
  const isBad = verification.name === "ended" && verification.verdict.kind !== "fine";
  const isLookedAt =
    !isOpenable ||
    (verification.name === "ended" && !isBad) ||
    (report.kind === "original" && backup.contents !== null);
  if (rows.size > 0) return <ChosenRowsCard backup={backup} isBad={isBad} />;
  const label = isLookedAt
    ? "Upload this backup"
    : isBad
      ? "Upload this backup anyway"
      : "Upload without looking inside";
  return (
    <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-2">
      <Button asChild variant={isLookedAt ? "primary" : "secondary"}>
        <Link href={paths.restoreUpload}>
          <Upload aria-hidden />
          {label}
        </Link>
      </Button>
      <p className="pba:text-muted">
        {isBad
          ? "The server checks it again, and refuses a damaged backup. Nothing changes."
          : "The server checks it again, and compares it with this database. Nothing changes yet."}
      </p>
    </div>
  );
}

function ChosenRowsCard({ backup, isBad }: { backup: ChosenBackup; isBad: boolean }) {
  const { paths } = usePanel();
  const count = countChosenRows(backup.rows);
  return (
    <Card
      title={`${formatNoun(count, "row")} chosen`}
      description="Only these rows come back. Existing rows with the same key stay as they are, unless you choose otherwise after the check. Nothing is deleted."
    >
      <ul aria-label="Tables of the chosen rows" className="pba:mb-4 pba:grid pba:gap-1">
        {[...backup.rows].map(([key, { model, name, schema, places }]) => (
          <li key={key} className="pba:wrap-anywhere">
            <span className="pba:font-medium">{model ?? name}</span>{" "}
            <span className="pba:font-mono pba:text-xs pba:text-muted">
              {schema}.{name}
            </span>{" "}
            · {formatNoun(places.size, "row")}
          </li>
        ))}
      </ul>
      <div className="pba:flex pba:flex-wrap pba:gap-3">
        <Button asChild variant={isBad ? "secondary" : "primary"}>
          <Link href={paths.restoreUpload}>
            <Upload aria-hidden />
            Restore these rows
          </Link>
        </Button>
        <Button onClick={chooseNoRows}>Choose no rows</Button>
      </div>
    </Card>
  );
}
