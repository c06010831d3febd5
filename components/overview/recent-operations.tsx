import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { ErrorNotice } from "../common/error-notice.tsx";
import { OperationList } from "../common/operation-list.tsx";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";

const FEW = 5;

export function RecentOperations() {
  const { queries, paths } = usePanel();
  const { data, error, refetch } = useQuery(queries.operations);
  return (
    <Card title="Recent operations">
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {!data && !error && (
        <Loading label="Reading the operations">
          <Skeleton className="pba:h-28" />
        </Loading>
      )}
      {data?.length === 0 && (
        <p className="pba:py-6 pba:text-center pba:text-muted">
          Nothing yet. You will see backups and restores here, who made them, and how they ended.
        </p>
      )}
      {data && data.length > 0 && (
        <>
          <OperationList label="Recent operations" operations={data.slice(0, FEW)} />
          <Button size="small" className="pba:mt-3" asChild>
            <Link href={paths.activity}>All activity</Link>
          </Button>
        </>
      )}
    </Card>
  );
}
