import { ApiError } from "../api.ts";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { ErrorNotice } from "./error-notice.tsx";
import { NotFound } from "./not-found.tsx";
import { PageHeader } from "./page-header.tsx";

interface NoOperationProps {
  /** Null while the operation loads. */
  error: Error | null;
  title: string;
  onRetry: () => void;
}

/** Shown while an operation loads, and if it cannot be found or read. */
export function NoOperation({ error, title, onRetry }: NoOperationProps) {
  if (!error) return <OperationSkeleton />;
  if (error instanceof ApiError && error.report.code === "OPERATION_NOT_FOUND") {
    return (
      <NotFound title="There is no such operation">
        The address may be wrong, or the operation is so old that it was deleted.
      </NotFound>
    );
  }
  return (
    <>
      <PageHeader back title={title} />
      <ErrorNotice error={error} onRetry={onRetry} />
    </>
  );
}

export function OperationSkeleton() {
  return (
    <Loading label="Loading the operation">
      <Skeleton className="pba:h-16 pba:max-w-md" />
      <Skeleton className="pba:h-48" />
      <Skeleton className="pba:h-80" />
    </Loading>
  );
}
