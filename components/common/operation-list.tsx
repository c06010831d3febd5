import type { ListedOperation } from "../../lib/shared/api.ts";
import { formatBytes, formatNoun, formatTables } from "../../lib/shared/format.ts";
import { Badge } from "../ui/badge.tsx";
import { Download, Undo2, Upload } from "../ui/icons.ts";
import { Moment } from "./moment.tsx";
import { OperationLink } from "./operation-link.tsx";
import { stateLabel, stateTone } from "./operation-wording.ts";

interface OperationListProps {
  label: string;
  operations: ListedOperation[];
}

/** Lists who did what and when, with which file, and how it ended. Each line links to the operation. */
export function OperationList({ label, operations }: OperationListProps) {
  return (
    <ul aria-label={label} className="pba:-mx-2 pba:grid pba:gap-0.5">
      {operations.map((operation) => (
        <li key={operation.id}>
          <OperationLink
            operation={operation}
            icon={iconOf(operation)}
            iconClassName="pba:text-muted"
            className="pba:px-2 pba:py-2.5 pba:hover:bg-sunken pba:@xl:gap-4"
          >
            <span className="pba:flex pba:min-w-0 pba:grow pba:flex-wrap pba:items-center pba:justify-between pba:gap-x-4 pba:gap-y-1">
              <span className="pba:min-w-0">
                <span className="pba:font-medium">{kindOf(operation)}</span>
                {isPartial(operation) && (
                  <span className="pba:font-medium pba:text-warn"> · {tablesOf(operation)}</span>
                )}
                <span className="pba:text-muted">
                  {" "}
                  · <Moment iso={operation.createdAt} /> · {operation.actor.name}
                </span>
                <span className="pba:block pba:font-mono pba:text-xs pba:break-all pba:text-muted">
                  {operation.fileName}
                </span>
              </span>
              <span className="pba:flex pba:items-center pba:gap-3 pba:text-muted">
                {sizeOf(operation)}
                <Badge tone={stateTone(operation)}>{stateLabel(operation)}</Badge>
              </span>
            </span>
          </OperationLink>
        </li>
      ))}
    </ul>
  );
}

/** Whether a backup has only some of the tables. False if it does not say. */
const isPartial = ({ tables, tablesInDatabase }: ListedOperation): boolean =>
  tables !== null && tablesInDatabase !== null && tables < tablesInDatabase;

/** Returns `25 tables`, or `1 of 25 tables`. */
const tablesOf = ({ tables, tablesInDatabase }: ListedOperation): string | null =>
  tables === null ? null : formatTables(tables, tablesInDatabase);

const iconOf = ({ kind, undoes }: ListedOperation) =>
  kind === "backup" ? Download : undoes ? Undo2 : Upload;

const kindOf = ({ kind, undoes }: ListedOperation) =>
  kind === "backup" ? "Backup" : undoes ? "Undo" : "Restore";

function sizeOf({ rows, archiveBytes }: ListedOperation): string | null {
  if (archiveBytes !== null) return formatBytes(archiveBytes);
  return rows === null ? null : formatNoun(rows, "row");
}
