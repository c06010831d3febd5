import { useQuery } from "@tanstack/react-query";
import { ArrowRight } from "lucide-react";
import Link from "next/link";
import { isEnded } from "../../lib/shared/api.ts";
import { stateLabel } from "../operation/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Notice } from "../ui/notice.tsx";

/** What runs or waits for somebody, on every view except its own. */
export function ActiveOperations({ except }: { except: string | undefined }) {
  const { queries, paths } = usePanel();
  const { data = [] } = useQuery(queries.operations);
  const active = data.filter(({ id, state }) => !isEnded(state) && id !== except);
  if (active.length === 0) return null;
  return (
    <ul aria-label="Operations under way" className="grid gap-2">
      {active.map((operation) => (
        <li key={operation.id}>
          <Notice tone="accent" className="items-center py-2.5">
            <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2">
              <p>
                <span className="font-medium">
                  {operation.kind === "backup" ? "Backup" : "Restore"}: {stateLabel(operation)}
                </span>
                <span className="text-pba-muted"> · begun by {operation.actor.name}</span>
              </p>
              <Button size="small" asChild>
                <Link href={paths.operation(operation.id)}>
                  Show
                  <ArrowRight aria-hidden />
                </Link>
              </Button>
            </div>
          </Notice>
        </li>
      ))}
    </ul>
  );
}
