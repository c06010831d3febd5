import { useQuery } from "@tanstack/react-query";
import { ChevronRight, Download, Upload } from "lucide-react";
import Link from "next/link";
import { useState } from "react";
import type { Operation } from "../../lib/shared/api.ts";
import { formatBytes, formatDateTime, formatNoun } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { stateLabel, stateTone } from "../operation/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Skeleton } from "../ui/skeleton.tsx";

const FEW = 5;

export function RecentOperations() {
  const { queries } = usePanel();
  const { data, error, refetch } = useQuery(queries.operations);
  const [showsAll, setShowsAll] = useState(false);
  return (
    <Card title="Recent operations">
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton className="h-28" />}
      {data?.length === 0 && (
        <p className="py-6 text-center text-pba-muted">
          Nothing yet. Backups and restores are listed here, with who made them and how they ended.
        </p>
      )}
      {data && data.length > 0 && (
        <ul aria-label="Recent operations" className="-mx-2 grid gap-0.5">
          {data.slice(0, showsAll ? undefined : FEW).map((operation) => (
            <OperationRow key={operation.id} operation={operation} />
          ))}
        </ul>
      )}
      {data && data.length > FEW && (
        <Button
          variant="ghost"
          size="small"
          className="mt-2"
          aria-expanded={showsAll}
          onClick={() => setShowsAll(!showsAll)}
        >
          {showsAll ? "Show fewer" : `Show all ${data.length}`}
        </Button>
      )}
    </Card>
  );
}

function OperationRow({ operation }: { operation: Operation }) {
  const { paths } = usePanel();
  const Icon = operation.kind === "backup" ? Download : Upload;
  return (
    <li>
      <Link
        href={paths.operation(operation.id)}
        className={cn(
          "flex items-center gap-3 rounded-lg px-2 py-2.5 hover:bg-pba-sunken @xl:gap-4",
          focusRing,
        )}
      >
        <Icon aria-hidden className="size-4 shrink-0 text-pba-muted" />
        <span className="flex min-w-0 grow flex-wrap items-center justify-between gap-x-4 gap-y-1">
          <span className="min-w-0">
            <span className="font-medium">
              {operation.kind === "backup" ? "Backup" : "Restore"}
            </span>
            <span className="text-pba-muted">
              {" "}
              · <time dateTime={operation.createdAt}>{formatDateTime(operation.createdAt)}</time> ·{" "}
              {operation.actor.name}
            </span>
          </span>
          <span className="flex items-center gap-3 text-pba-muted">
            {sizeOf(operation)}
            <Badge tone={stateTone(operation)}>{stateLabel(operation)}</Badge>
          </span>
        </span>
        <ChevronRight aria-hidden className="size-4 shrink-0 text-pba-muted" />
      </Link>
    </li>
  );
}

function sizeOf({ result }: Operation): string | null {
  if (!result) return null;
  return result.archiveBytes === undefined
    ? formatNoun(result.rows, "row")
    : formatBytes(result.archiveBytes);
}
