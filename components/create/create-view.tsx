import { useQuery } from "@tanstack/react-query";
import { ErrorNotice } from "../common/error-notice.tsx";
import { PageHeader } from "../common/page-header.tsx";
import { StandbyNotice } from "../common/standby-notice.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { CreateForm } from "./create-form.tsx";

export function CreateView() {
  const { queries } = usePanel();
  const { data, error, refetch } = useQuery(queries.overview);
  const around = useHeadingFocus("create");
  return (
    <>
      <div ref={around}>
        <PageHeader
          back
          title="Create backup"
          description="A consistent copy of the database. Your app can keep working meanwhile. Only your browser gets the file: the server keeps no copy."
        />
      </div>
      {data?.database.isStandby ? (
        <StandbyNotice />
      ) : data ? (
        <CreateForm overview={data} />
      ) : error ? (
        <ErrorNotice error={error} onRetry={() => void refetch()} />
      ) : (
        <Loading label="Reading the database">
          <Skeleton className="pba:h-44" />
          <Skeleton className="pba:h-96" />
        </Loading>
      )}
    </>
  );
}
