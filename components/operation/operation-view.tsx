import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { useEffect } from "react";
import { isEnded, type Operation } from "../../lib/shared/api.ts";
import { formatPercent } from "../../lib/shared/format.ts";
import { ReviewStep } from "../changes/review-step.tsx";
import { ErrorNotice } from "../common/error-notice.tsx";
import { NoOperation, OperationSkeleton } from "../common/no-operation.tsx";
import { announcementOf, fractionOf, stateLabel } from "../common/operation-wording.ts";
import { useTitlePrefix } from "../common/use-title-prefix.ts";
import { usePanel } from "../panel-context.tsx";
import { ScopeStep } from "../scope/scope-step.tsx";
import { Notice } from "../ui/notice.tsx";
import { DownloadPrompt } from "./download-prompt.tsx";
import { useEndNotification } from "./end-notification.ts";
import { OperationHeader } from "./operation-header.tsx";
import { Outcome } from "./outcome.tsx";
import { type Place, placeOf } from "./place.ts";
import { RunningProgress } from "./running-progress.tsx";

interface OperationViewProps {
  id: string;
  /** The requested page of the operation. */
  place: Place;
}

/** One backup or restore, from beginning to result. Everything shown comes from the server. */
export function OperationView({ id, place: wanted }: OperationViewProps) {
  const { actor, queries } = usePanel();
  const { data: operation, error, failureCount, refetch } = useQuery(queries.operation(id));
  useRefreshAfterEnd(operation);
  useEndNotification(operation);
  const isOwn = operation?.actor.id === actor.id;
  const place = operation ? placeOf(operation, wanted, isOwn) : wanted;
  useTitlePrefix(operation ? titlePrefix(operation) : null);
  useRedirect(id, wanted, place);
  if (!operation) {
    return <NoOperation error={error} title="Operation" onRetry={() => void refetch()} />;
  }
  if (place !== wanted) return <OperationSkeleton />;
  return (
    <>
      <OperationHeader operation={operation} place={place} />
      <p role="status" aria-label="Progress" className="pba:sr-only">
        {announcementOf(operation)}
      </p>
      {error ? (
        <ErrorNotice
          error={error}
          title="This page cannot follow the operation at the moment. It keeps trying."
        />
      ) : (
        failureCount > 0 && (
          <Notice tone="warn">
            <p>
              The server does not answer. This page keeps trying. The operation goes on without it.
            </p>
          </Notice>
        )
      )}
      <OperationBody operation={operation} place={place} isOwn={isOwn} />
    </>
  );
}

interface OperationBodyProps {
  operation: Operation;
  place: Place;
  isOwn: boolean;
}

function OperationBody({ operation, place, isOwn }: OperationBodyProps) {
  const { state, plan } = operation;
  if (isEnded(state)) return <Outcome operation={operation} />;
  if (state === "pending") return <DownloadPrompt operation={operation} />;
  if (plan && place === "scope") return <ScopeStep operation={operation} plan={plan} />;
  if (plan && place === "changes") {
    return <ReviewStep operation={operation} plan={plan} isOwn={isOwn} />;
  }
  return <RunningProgress operation={operation} />;
}

/** Redirects to the operation's current page and replaces the entry in the browser's history. */
function useRedirect(id: string, wanted: Place, place: Place) {
  const { paths } = usePanel();
  const router = useRouter();
  useEffect(() => {
    if (place === wanted) return;
    router.replace(place === "operation" ? paths.operation(id) : paths.operationStep(id, place));
  }, [id, wanted, place, paths, router]);
}

/** The state, or how far it is, and the page. The state comes first, because a tab shows only the beginning. */
function titlePrefix(operation: Operation): string {
  const fraction = operation.state === "running" ? fractionOf(operation) : null;
  return fraction === null ? stateLabel(operation) : formatPercent(fraction);
}

/** A restore changes what the overview says about the database. */
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
