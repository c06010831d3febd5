import { useQuery } from "@tanstack/react-query";
import { Activity, ChevronRight } from "lucide-react";
import Link from "next/link";
import { formatPercent } from "../../lib/shared/format.ts";
import { fractionOf, stateLabel } from "../operation/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";

const FEW = 3;

/** What runs or waits for a confirmation, on every view except its own. */
export function ActiveOperations({ except }: { except: string | undefined }) {
  const { queries, paths } = usePanel();
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
      className="pba:divide-y pba:divide-accent/20 pba:rounded-lg pba:border pba:border-accent/25 pba:bg-accent-soft"
    >
      {active.slice(0, FEW).map((operation) => {
        const fraction = operation.state === "running" ? fractionOf(operation) : null;
        return (
          <li key={operation.id}>
            <Link
              href={paths.operation(operation.id)}
              className={cn(
                "pba:flex pba:items-center pba:gap-3 pba:rounded-lg pba:px-4 pba:py-2.5",
                focusRing,
              )}
            >
              <Activity aria-hidden className="pba:size-4 pba:shrink-0 pba:text-accent-ink" />
              <span className="pba:min-w-0 pba:grow">
                <span className="pba:font-medium">
                  {operation.kind === "backup" ? "Backup" : "Restore"}: {stateLabel(operation)}
                  {fraction !== null && `, ${formatPercent(fraction)}`}
                </span>
                <span className="pba:text-muted"> · begun by {operation.actor.name}</span>
              </span>
              <ChevronRight aria-hidden className="pba:size-4 pba:shrink-0 pba:text-accent-ink" />
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
