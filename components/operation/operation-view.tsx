import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { isEnded, type Operation } from "../../lib/shared/api.ts";
import { formatDateTime, formatPercent } from "../../lib/shared/format.ts";
import { ApiError } from "../api.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { NotFound } from "../common/not-found.tsx";
import { PageHeader } from "../common/page-header.tsx";
import { usePanel } from "../panel-context.tsx";
import { Badge } from "../ui/badge.tsx";
import { Notice } from "../ui/notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ConfirmRestore } from "./confirm-restore.tsx";
import { DownloadPrompt } from "./download-prompt.tsx";
import { useEndNotification } from "./end-notification.ts";
import {
  announcementOf,
  ENCRYPTION_LABELS,
  fractionOf,
  stateLabel,
  stateTone,
} from "./operation-wording.ts";
import { Outcome } from "./outcome.tsx";
import { RunningProgress } from "./running-progress.tsx";
import { useTitlePrefix } from "./use-title-prefix.ts";

/** One backup or restore, from its beginning to its result. Everything shown is the server's. */
export function OperationView({ id }: { id: string }) {
  const { queries } = usePanel();
  const { data: operation, error, failureCount, refetch } = useQuery(queries.operation(id));
  useRefreshAfterEnd(operation);
  useEndNotification(operation);
  useTitlePrefix(operation ? titlePrefix(operation) : null);
  if (!operation) {
    if (!error) return <OperationSkeleton />;
    if (error instanceof ApiError && error.report.code === "OPERATION_NOT_FOUND") {
      return (
        <NotFound title="There is no such operation">
          Its address may be mistyped, or it is so old that it is no longer kept.
        </NotFound>
      );
    }
    return (
      <>
        <PageHeader back title="Operation" />
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      </>
    );
  }
  return (
    <>
      <PageHeader
        back
        title={operation.kind === "backup" ? "Backup" : "Restore"}
        badge={<Badge tone={stateTone(operation)}>{stateLabel(operation)}</Badge>}
        description={<Origin operation={operation} />}
      />
      <p role="status" aria-label="Progress" className="pba:sr-only">
        {announcementOf(operation)}
      </p>
      {error ? (
        <ErrorNotice
          error={error}
          title="This page cannot follow the operation at the moment. It tries again by itself."
        />
      ) : (
        failureCount > 0 && (
          <Notice tone="warn">
            <p>The server does not answer. Trying again; the operation does not need this page.</p>
          </Notice>
        )
      )}
      <OperationBody operation={operation} />
    </>
  );
}

function OperationBody({ operation }: { operation: Operation }) {
  if (isEnded(operation.state)) return <Outcome operation={operation} />;
  if (operation.state === "pending") return <DownloadPrompt operation={operation} />;
  if (operation.state === "ready" && operation.plan) {
    return <ConfirmRestore operation={operation} plan={operation.plan} />;
  }
  return <RunningProgress operation={operation} />;
}

function Origin({ operation }: { operation: Operation }) {
  const { createdAt, actor, fileName, encryption } = operation;
  return (
    <>
      <p>
        Begun by {actor.name}, <time dateTime={createdAt}>{formatDateTime(createdAt)}</time>
        {encryption && ` · ${ENCRYPTION_LABELS[encryption]}`}
      </p>
      <p className="pba:font-mono pba:text-xs pba:break-all">{fileName}</p>
    </>
  );
}

function titlePrefix(operation: Operation): string | null {
  if (operation.state !== "running") return stateLabel(operation);
  const fraction = fractionOf(operation);
  return fraction === null ? stateLabel(operation) : formatPercent(fraction);
}

/** A restore changes what the overview says of the database. */
function useRefreshAfterEnd(operation: Operation | undefined) {
  const { queries } = usePanel();
  const client = useQueryClient();
  const state = operation?.state;
  useEffect(() => {
    if (!state || !isEnded(state)) return;
    void client.invalidateQueries({ queryKey: queries.overview.queryKey });
    void client.invalidateQueries({ queryKey: queries.operations.queryKey });
  }, [state, client, queries]);
}

function OperationSkeleton() {
  return (
    <div role="status" className="pba:grid pba:gap-6">
      <span className="pba:sr-only">Loading the operation</span>
      <Skeleton className="pba:h-16 pba:max-w-md" />
      <Skeleton className="pba:h-48" />
      <Skeleton className="pba:h-80" />
    </div>
  );
}
