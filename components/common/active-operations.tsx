import { useQuery } from "@tanstack/react-query";
import { formatPercent } from "../../lib/shared/format.ts";
import { fractionOf, stateLabel } from "../common/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { Activity } from "../ui/icons.ts";
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
      {active.slice(0, FEW).map((operation) => {
        const fraction = operation.state === "running" ? fractionOf(operation) : null;
        return (
          <li key={operation.id}>
            <OperationLink
              operation={operation}
              icon={Activity}
              iconClassName="pba:text-accent-ink"
              className="pba:px-4 pba:py-2.5"
            >
              <span className="pba:min-w-0 pba:grow">
                <span className="pba:font-medium">
                  {operation.kind === "backup" ? "Backup" : "Restore"}: {stateLabel(operation)}
                  {fraction !== null && `, ${formatPercent(fraction)}`}
                </span>
                <span className="pba:text-muted"> · started by {operation.actor.name}</span>
              </span>
            </OperationLink>
          </li>
        );
      })}
    </ul>
  );
}
