import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "../common/error-notice.tsx";
import { PageHeader } from "../common/page-header.tsx";
import { usePanel } from "../panel-context.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { CreateForm } from "./create-form.tsx";

export function CreateView() {
  const { queries } = usePanel();
  const { data, error, refetch } = useQuery(queries.overview);
  return (
    <>
      <PageHeader
        back
        title="Create backup"
        description="One consistent copy, read while the app goes on working. It is sent straight to your browser and kept nowhere else."
      />
      {data ? (
        <CreateForm overview={data} />
      ) : error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : (
        <div role="status" className="pba:grid pba:gap-6">
          <span className="pba:sr-only">Reading the database</span>
          <Skeleton className="pba:h-44" />
          <Skeleton className="pba:h-96" />
        </div>
      )}
    </>
  );
}
