import { useQuery } from "@tanstack/react-query";
import type { ListedOperation } from "../../lib/shared/api.ts";
import { formatAge, formatPercent } from "../../lib/shared/format.ts";
import { fractionOf, stateLabel } from "../common/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { Activity } from "../ui/icons.ts";
import { CancelOperation } from "./cancel-operation.tsx";
import { OperationLink } from "./operation-link.tsx";

const FEW = 3;

/** Lists operations that run or wait for a confirmation, on every view except their own. */
export function ActiveOperations({ except }: { except: string | undefined }) {
  const { queries } = usePanel();
  const { data = [] } = useQuery(queries.operations);
  const others = data.filter(({ id }) => id !== except);
  const active = [
    ...others.filter(({ state }) => state === "running"),
    ...others.filter(({ state }) => state === "ready"),
  ];
  if (active.length === 0) return null;
  return (
    <ul
      aria-label="Operations under way"
      className="pba:divide-y pba:divide-accent/20 pba:rounded-lg pba:border pba:border-accent/25 pba:bg-accent-soft pba:print:hidden"
    >
      {active.slice(0, FEW).map((operation) => (
        <li key={operation.id} className="pba:flex pba:flex-wrap pba:items-center">
          <OperationLink
            operation={operation}
            icon={Activity}
            iconClassName="pba:text-accent-ink"
            className="pba:min-w-0 pba:grow pba:basis-80 pba:px-4 pba:py-2.5"
          >
            <span className="pba:min-w-0 pba:grow">
              <span className="pba:font-medium">{textOf(operation)}</span>
              <span className="pba:text-muted">
                {" "}
                · {formatAge(operation.createdAt)} · {operation.actor.name}
              </span>
              <span className="pba:block pba:font-mono pba:text-xs pba:break-all pba:text-muted">
                {operation.fileName}
              </span>
            </span>
          </OperationLink>
          {operation.state === "ready" && (
            <div className="pba:px-4 pba:pb-3 pba:@3xl:py-2">
              <CancelOperation operation={operation} />
            </div>
          )}
        </li>
      ))}
    </ul>
  );
}

function textOf(operation: ListedOperation): string {
  const what = operation.kind === "backup" ? "Backup" : operation.undoes ? "Undo" : "Restore";
  const fraction = operation.state === "running" ? fractionOf(operation) : null;
  return `${what}: ${stateLabel(operation)}${fraction === null ? "" : `, ${formatPercent(fraction)}`}`;
}
