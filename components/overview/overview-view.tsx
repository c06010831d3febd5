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
import { Skeleton } from "../ui/skeleton.tsx";
import { DatabaseCard } from "./database-card.tsx";
import { LastBackup } from "./last-backup.tsx";
import { RecentOperations } from "./recent-operations.tsx";
import { TableOrderLink } from "./table-order-link.tsx";

export function OverviewView() {
  const { queries, paths } = usePanel();
  const { data, error, refetch } = useQuery(queries.overview);
  const around = useHeadingFocus("overview");
  return (
    <>
      <div ref={around}>
        <PageHeader
          title="Database backup"
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
  const isClean = warnings.length === 0 && drift.length === 0;
  return (
    <>
      {overview.database.isStandby && <StandbyNotice />}
      <LastBackup />
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
      <RecentOperations />
      <DatabaseCard overview={overview}>
        {isClean && (
          <p className="pba:w-full pba:text-muted">
            No warnings. The Prisma schema and the database agree.
          </p>
        )}
      </DatabaseCard>
      <TableOrderLink />
    </>
  );
}

function OverviewSkeleton() {
  return (
    <Loading label="Reading the database">
      <Skeleton className="pba:h-36" />
      <Skeleton className="pba:h-48" />
      <Skeleton className="pba:h-24" />
    </Loading>
  );
}
