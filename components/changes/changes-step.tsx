import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { ManifestCard } from "../changes/manifest-card.tsx";
import { CheckList } from "../common/check-list.tsx";
import { ErrorNotice } from "../common/error-notice.tsx";
import { isOfOriginal } from "../common/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { changedTables } from "./changed-table.ts";
import { ChangedTablesCard } from "./changed-tables-card.tsx";
import { ContinueCard } from "./continue-card.tsx";
import { DriftCard } from "./drift-card.tsx";
import { MigrationsCard } from "./migrations-card.tsx";
import { ActorNotice, OriginalNotice, PlanWarnings, shortChecks } from "./plan-findings.tsx";
import { PlanOrder } from "./plan-order.tsx";
import { Refusal } from "./refusal.tsx";
import { RehearsalCard } from "./rehearsal-card.tsx";
import { RehearsalVerdict } from "./rehearsal-verdict.tsx";
import { ViolationsCard } from "./violations-card.tsx";

interface ChangesStepProps {
  operation: Operation;
  plan: RestorePlan;
  /** Only the person who began a restore may continue it and see its rows. */
  isOwn: boolean;
}

/** Shows what the restore would change, before it starts. */
export function ChangesStep({ operation, plan, isOwn }: ChangesStepProps) {
  const { queries } = usePanel();
  const isRehearsed = plan.rehearsal !== null && isOwn;
  const rehearsal = useQuery({
    ...queries.rehearsal(operation.id, plan.rehearsal?.elapsedMs ?? 0),
    enabled: isRehearsed,
  });
  const report = (isRehearsed && rehearsal.data) || null;
  const tables = useMemo(() => changedTables(plan, report), [plan, report]);
  const isOriginal = isOfOriginal(plan);
  const warnings = <PlanWarnings plan={plan} />;
  return (
    <div
      className={cn(
        "pba:grid pba:grid-cols-[minmax(0,1fr)] pba:items-start pba:gap-6",
        plan.canStart && "pba:@4xl:grid-cols-[minmax(0,1fr)_20rem]",
      )}
    >
      {!plan.canStart && <Refusal operation={operation} plan={plan} isOwn={isOwn} />}
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-6">
        {plan.canStart && <RehearsalVerdict operation={operation} plan={plan} isOwn={isOwn} />}
        <OriginalNotice plan={plan} />
        {isOriginal && warnings}
        {plan.canStart && <ActorNotice plan={plan} />}
        {report && <ViolationsCard report={report} />}
        <DriftCard operation={operation} plan={plan} canAccept={isOwn && plan.canStart} />
        {rehearsal.error && (
          <ErrorNotice error={rehearsal.error} onRetry={() => void rehearsal.refetch()} />
        )}
        {isRehearsed && rehearsal.isPending ? (
          <Loading label="Reading the trial run's report">
            <Skeleton className="pba:h-80" />
          </Loading>
        ) : (
          <ChangedTablesCard tables={tables} />
        )}
        {!isOriginal && warnings}
        <Card title="Checks" description="Every byte of the backup was read.">
          <CheckList checks={shortChecks(plan)} />
        </Card>
        {report && <RehearsalCard report={report} />}
        <MigrationsCard migrations={plan.migrations} />
        <ManifestCard manifest={plan.manifest} />
      </div>
      {plan.canStart && (
        <div className="pba:@4xl:sticky pba:@4xl:top-6 pba:@4xl:col-start-2 pba:@4xl:row-span-2 pba:@4xl:row-start-1">
          <ContinueCard operation={operation} plan={plan} isOwn={isOwn} />
        </div>
      )}
      <PlanOrder plan={plan} />
    </div>
  );
}
