import { formatNoun } from "../../lib/shared/format.ts";
import type { RehearsedTable, RowSample, SampleValue } from "../../lib/shared/rehearsal.ts";
import { Badge } from "../ui/badge.tsx";
import { cn } from "../ui/cn.ts";
import { Disclosure } from "../ui/disclosure.tsx";

const CHANGES = {
  added: { label: "Comes back", tone: "good" },
  removed: { label: "Is lost", tone: "bad" },
  changed: { label: "Changes", tone: "warn" },
} as const;

/** Shows some of the rows that come back, are lost or change, before and after the restore. */
export function RowSamples({ table }: { table: RehearsedTable }) {
  const rest = table.samples.slice(FEW_ROWS);
  return (
    <>
      <SampleList table={table} samples={table.samples.slice(0, FEW_ROWS)} />
      {rest.length > 0 && (
        <Disclosure className="pba:mt-2" summary={`Show ${formatNoun(rest.length, "more row")}`}>
          {() => <SampleList table={table} samples={rest} />}
        </Disclosure>
      )}
    </>
  );
}

/** The number of rows shown at first. */
const FEW_ROWS = 5;

function SampleList({ table, samples }: { table: RehearsedTable; samples: RowSample[] }) {
  return (
    <ul className="pba:mt-2 pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-3">
      {samples.map((sample, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: rows without a key may be alike, and the list does not change.
        <li key={index} className="pba:rounded-lg pba:border pba:border-line pba:bg-canvas pba:p-3">
          <Sample table={table} sample={sample} />
        </li>
      ))}
    </ul>
  );
}

/** The number of fields shown at first. */
const FEW_FIELDS = 8;

function Sample({ table, sample }: { table: RehearsedTable; sample: RowSample }) {
  const { label, tone } = CHANGES[sample.change];
  const fields = fieldsOf(table, sample);
  const first =
    sample.change === "changed"
      ? fields.filter(({ isChanged }) => isChanged)
      : fields.slice(0, FEW_FIELDS);
  const rest = fields.filter((field) => !first.includes(field));
  return (
    <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-2">
      <p className="pba:flex pba:flex-wrap pba:items-baseline pba:gap-x-3 pba:gap-y-1">
        <Badge tone={tone}>{label}</Badge>
        <span className="pba:font-mono pba:text-xs pba:wrap-anywhere">
          {table.key.map((column, at) => `${column} = ${sample.key[at] ?? "NULL"}`).join(", ")}
        </span>
      </p>
      <Fields fields={first} />
      {rest.length > 0 && (
        <Disclosure
          className="pba:text-xs"
          summary={`${formatNoun(rest.length, "more field")}${sample.change === "changed" ? ", the same" : ""}`}
        >
          {() => <Fields fields={rest} />}
        </Disclosure>
      )}
    </div>
  );
}

interface SampleField {
  column: string;
  isChanged: boolean;
  /** Undefined if the row does not exist at that time. */
  before: SampleValue | undefined;
  after: SampleValue | undefined;
}

const fieldsOf = ({ sampleColumns }: RehearsedTable, sample: RowSample): SampleField[] =>
  sampleColumns.map((column, at) => ({
    column,
    isChanged: sample.changedColumns.includes(column),
    before: sample.before?.[at],
    after: sample.after?.[at],
  }));

function Fields({ fields }: { fields: SampleField[] }) {
  return (
    <dl className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:divide-y pba:divide-line pba:text-xs">
      {fields.map(({ column, isChanged, before, after }) => (
        <div
          key={column}
          className={cn(
            "pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-x-3 pba:gap-y-1 pba:py-1.5",
            isChanged
              ? "pba:@xl:grid-cols-[10rem_minmax(0,1fr)_minmax(0,1fr)]"
              : "pba:@xl:grid-cols-[10rem_minmax(0,1fr)]",
          )}
        >
          <dt className="pba:font-medium pba:wrap-anywhere">{column}</dt>
          {isChanged ? (
            <>
              <dd className="pba:rounded pba:bg-bad-soft pba:px-2 pba:py-0.5">
                <span className="pba:text-bad">Now: </span>
                <del className="pba:no-underline">
                  <Value of={before} />
                </del>
              </dd>
              <dd className="pba:rounded pba:bg-good-soft pba:px-2 pba:py-0.5">
                <span className="pba:text-good">Afterwards: </span>
                <ins className="pba:no-underline">
                  <Value of={after} />
                </ins>
              </dd>
            </>
          ) : (
            <dd>
              <Value of={after === undefined ? before : after} />
            </dd>
          )}
        </div>
      ))}
    </dl>
  );
}

export function Value({ of }: { of: SampleValue | undefined }) {
  if (of === null || of === undefined) return <i className="pba:text-muted">NULL</i>;
  if (of === "") return <i className="pba:text-muted">empty</i>;
  return <span className="pba:font-mono pba:whitespace-pre-wrap pba:wrap-anywhere">{of}</span>;
}
