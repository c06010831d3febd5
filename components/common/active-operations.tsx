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
      className="divide-y divide-pba-accent/20 rounded-lg border border-pba-accent/25 bg-pba-accent-soft"
    >
      {active.slice(0, FEW).map((operation) => {
        const fraction = operation.state === "running" ? fractionOf(operation) : null;
        return (
          <li key={operation.id}>
            <Link
              href={paths.operation(operation.id)}
              className={cn("flex items-center gap-3 rounded-lg px-4 py-2.5", focusRing)}
            >
              <Activity aria-hidden className="size-4 shrink-0 text-pba-accent" />
              <span className="min-w-0 grow">
                <span className="font-medium">
                  {operation.kind === "backup" ? "Backup" : "Restore"}: {stateLabel(operation)}
                  {fraction !== null && `, ${formatPercent(fraction)}`}
                </span>
                <span className="text-pba-muted"> · begun by {operation.actor.name}</span>
              </span>
              <ChevronRight aria-hidden className="size-4 shrink-0 text-pba-accent" />
            </Link>
          </li>
        );
      })}
    </ul>
  );
}
