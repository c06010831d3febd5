import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import type { RehearsalReport, Violation } from "../../lib/shared/rehearsal.ts";
import { tableLabel } from "../../lib/shared/table-name.ts";
import { Facts } from "../common/facts.tsx";
import { Card } from "../ui/card.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { Value } from "./row-samples.tsx";

/** Shows the constraints that a restore would violate: table, key, constraint, and what to do about it. */
export function ViolationsCard({ report }: { report: RehearsalReport }) {
  const { violations, obstacles } = report;
  if (violations.length === 0 && obstacles.length === 0) return null;
  return (
    <Card
      title="What prevents the restore"
      description="The trial run failed here. The restore would fail too, and change nothing."
    >
      <ul aria-label="Violations" className="pba:divide-y pba:divide-line">
        {obstacles.map(({ code, message, hint }) => (
          <li key={`${code} ${message}`} className="pba:grid pba:gap-1 pba:py-3">
            <p className="pba:font-medium">{message}</p>
            {hint && <p className="pba:text-muted">{hint}</p>}
          </li>
        ))}
        {violations.map((violation) => (
          <li
            key={`${tableLabel(violation.table)} ${violation.constraint} ${violation.message}`}
            className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-2 pba:py-3"
          >
            <ViolationEntry violation={violation} />
          </li>
        ))}
      </ul>
    </Card>
  );
}

function ViolationEntry({ violation }: { violation: Violation }) {
  const { table, constraint, key, columns, rows, total, message, remedy } = violation;
  const known = total === null ? formatCount(rows.length) : formatCount(total);
  return (
    <>
      <p className="pba:font-medium pba:wrap-anywhere">{message}</p>
      <Facts
        facts={[
          { label: "Table", value: tableLabel(table) },
          ...(constraint ? [{ label: "Constraint", value: constraint }] : []),
          ...(columns.length > 0 ? [{ label: "Columns", value: columns.join(", ") }] : []),
          ...(key.length > 0 ? [{ label: "Key", value: key.join(", ") }] : []),
        ]}
      />
      <p>
        <span className="pba:font-medium">What to do: </span>
        {remedy}
      </p>
      {rows.length > 0 && (
        <Disclosure className="pba:text-xs" summary={`Show ${rows.length} of ${known} rows`}>
          {() => (
            <>
              <Rows violation={violation} rows={rows.slice(0, FEW_ROWS)} />
              {rows.length > FEW_ROWS && (
                <Disclosure summary={`Show ${formatNoun(rows.length - FEW_ROWS, "more row")}`}>
                  {() => <Rows violation={violation} rows={rows.slice(FEW_ROWS)} />}
                </Disclosure>
              )}
            </>
          )}
        </Disclosure>
      )}
    </>
  );
}

/** The number of rows shown at first. */
const FEW_ROWS = 10;

interface RowsProps {
  violation: Violation;
  rows: Violation["rows"];
}

function Rows({ violation: { key, columns }, rows }: RowsProps) {
  return (
    <ul className="pba:mt-1 pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-1">
      {rows.map((row, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without a key may be alike, and the list does not change.
        <li key={index} className="pba:wrap-anywhere">
          <Pairs names={key} values={row.key} />
          {row.values.length > 0 && (
            <>
              {row.key.length > 0 && ": "}
              <Pairs names={columns} values={row.values} />
            </>
          )}
          {row.row !== undefined && ` (row ${formatCount(row.row)} of the backup)`}
          {row.times !== undefined && ` (${formatCount(row.times)} times)`}
        </li>
      ))}
    </ul>
  );
}

function Pairs({ names, values }: { names: string[]; values: Array<string | null> }) {
  return values.map((value, at) => (
    <span key={names[at]}>
      {at > 0 && ", "}
      {names[at]} = <Value of={value} />
    </span>
  ));
}
