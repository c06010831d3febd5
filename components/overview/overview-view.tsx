import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import type { Overview } from "../../lib/shared/api.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { DriftList, WarningList } from "../common/findings.tsx";
import { PageHeader } from "../common/page-header.tsx";
import { StandbyNotice } from "../common/standby-notice.tsx";
import { useHeadingFocus } from "../common/use-heading-focus.ts";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { Download, Upload } from "../ui/icons.ts";
import { Loading } from "../ui/loading.tsx";
import { Notice } from "../ui/notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { DatabaseCard } from "./database-card.tsx";
import { DatabaseOrder } from "./database-order.tsx";
import { RecentOperations } from "./recent-operations.tsx";

export function OverviewView() {
  const { queries, paths } = usePanel();
  const { data, error, refetch } = useQuery(queries.overview);
  const around = useHeadingFocus("overview");
  return (
    <>
      <div ref={around}>
        <PageHeader
          title="Database backup"
          description="Download the whole database as one file, and restore it from a file."
          actions={
            <>
              <Button asChild>
                <Link href={paths.restore}>
                  <Upload aria-hidden />
                  Restore a backup
                </Link>
              </Button>
              <Button variant="primary" asChild>
                <Link href={paths.create}>
                  <Download aria-hidden />
                  Create backup
                </Link>
              </Button>
            </>
          }
        />
      </div>
      {error && <ErrorNotice error={error} onRetry={() => void refetch()} />}
      {data ? <OverviewContent overview={data} /> : !error && <OverviewSkeleton />}
    </>
  );
}

function OverviewContent({ overview }: { overview: Overview }) {
  const { warnings, drift } = overview;
  return (
    <>
      {overview.database.isStandby && <StandbyNotice />}
      <DatabaseCard overview={overview} />
      {warnings.length === 0 && drift.length === 0 ? (
        <>
          <Notice tone="good">
            <p>No warnings. The Prisma schema and the database agree.</p>
          </Notice>
          <RecentOperations />
        </>
      ) : (
        <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:items-start pba:gap-6 pba:@4xl:grid-cols-2">
          <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-6">
            {warnings.length > 0 && (
              <Card title="Warnings" description="Read this before you rely on a backup.">
                <WarningList warnings={warnings} />
              </Card>
            )}
            {drift.length > 0 && (
              <Card
                title="Differences"
                description="The Prisma schema and the database differ here. A backup holds what is in the database."
              >
                <DriftList drift={drift} />
              </Card>
            )}
          </div>
          <RecentOperations />
        </div>
      )}
      <DatabaseOrder overview={overview} />
    </>
  );
}

function OverviewSkeleton() {
  return (
    <Loading label="Reading the database">
      <Skeleton className="pba:h-36" />
      <Skeleton className="pba:h-48" />
      <Skeleton className="pba:h-96" />
    </Loading>
  );
}
