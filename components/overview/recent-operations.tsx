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
      {!data && !error && <Skeleton className="pba:h-28" />}
      {data?.length === 0 && (
        <p className="pba:py-6 pba:text-center pba:text-muted">
          Nothing yet. Backups and restores are listed here, with who made them and how they ended.
        </p>
      )}
      {data && data.length > 0 && (
        <ul aria-label="Recent operations" className="pba:-mx-2 pba:grid pba:gap-0.5">
          {data.slice(0, showsAll ? undefined : FEW).map((operation) => (
            <OperationRow key={operation.id} operation={operation} />
          ))}
        </ul>
      )}
      {data && data.length > FEW && (
        <Button
          variant="ghost"
          size="small"
          className="pba:mt-2"
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
          "pba:flex pba:items-center pba:gap-3 pba:rounded-lg pba:px-2 pba:py-2.5 pba:hover:bg-sunken pba:@xl:gap-4",
          focusRing,
        )}
      >
        <Icon aria-hidden className="pba:size-4 pba:shrink-0 pba:text-muted" />
        <span className="pba:flex pba:min-w-0 pba:grow pba:flex-wrap pba:items-center pba:justify-between pba:gap-x-4 pba:gap-y-1">
          <span className="pba:min-w-0">
            <span className="pba:font-medium">
              {operation.kind === "backup" ? "Backup" : "Restore"}
            </span>
            <span className="pba:text-muted">
              {" "}
              · <time dateTime={operation.createdAt}>{formatDateTime(operation.createdAt)}</time> ·{" "}
              {operation.actor.name}
            </span>
          </span>
          <span className="pba:flex pba:items-center pba:gap-3 pba:text-muted">
            {sizeOf(operation)}
            <Badge tone={stateTone(operation)}>{stateLabel(operation)}</Badge>
          </span>
        </span>
        <ChevronRight aria-hidden className="pba:size-4 pba:shrink-0 pba:text-muted" />
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
