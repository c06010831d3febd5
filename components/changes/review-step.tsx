import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useMemo } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { formatCount } from "../../lib/shared/format.ts";
import type { RehearsalReport } from "../../lib/shared/rehearsal.ts";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { ErrorNotice } from "../common/error-notice.tsx";
import { StickyActions } from "../common/sticky-actions.tsx";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Disclosure } from "../ui/disclosure.tsx";
import { Loading } from "../ui/loading.tsx";
import { Notice } from "../ui/notice.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { changedTables } from "./changed-table.ts";
import { ChangedTablesCard } from "./changed-tables-card.tsx";
import { ChecksCard } from "./checks-card.tsx";
import { ConfirmBar } from "./confirm-bar.tsx";
import { DriftCard } from "./drift-card.tsx";
import { LeftBehind } from "./left-behind.tsx";
import { ManifestCard } from "./manifest-card.tsx";
import { MigrationsCard } from "./migrations-card.tsx";
import { ActorNotice, OriginalNotice, PlanWarnings, RightsNotice } from "./plan-findings.tsx";
import { PlanOrder } from "./plan-order.tsx";
import { Refusal } from "./refusal.tsx";
import { RehearsalCard } from "./rehearsal-card.tsx";
import { isIdentical } from "./restore-statement.ts";
import { SafetyCard } from "./safety-card.tsx";
import { useConfirmation } from "./use-confirmation.ts";
import { useTrialRun } from "./use-trial-run.ts";
import { VerdictCard } from "./verdict-card.tsx";
import { ViolationsCard } from "./violations-card.tsx";

interface ReviewStepProps {
  operation: Operation;
  plan: RestorePlan;
  /** Only the person who began a restore may continue it and see its rows. */
  isOwn: boolean;
}

/** Shows what the restore would change, and asks for the confirmation. */
export function ReviewStep({ operation, plan, isOwn }: ReviewStepProps) {
  const { queries, paths } = usePanel();
  const confirmation = useConfirmation(operation, plan);
  const trial = useTrialRun(operation, plan, isOwn && !confirmation.isStarting);
  const isRehearsed = plan.rehearsal !== null && isOwn && operation.state === "ready";
  const rehearsal = useQuery({
    ...queries.rehearsal(operation.id, plan.rehearsal?.elapsedMs ?? 0),
    enabled: isRehearsed && !confirmation.isStarting,
  });
  const report = (isRehearsed && rehearsal.data) || null;
  const isConfirmable = isOwn && plan.canStart && plan.rehearsal?.wouldSucceed !== false;
  return (
    <>
      {!isOwn && (
        <Notice title={`This restore waits for ${operation.actor.name}.`}>
          <p>Only {operation.actor.name} can go on with it. Nothing was changed.</p>
        </Notice>
      )}
      {plan.canStart ? (
        <VerdictCard {...{ operation, plan, trial, isOwn }} database={confirmation.database} />
      ) : (
        <Refusal plan={plan} isOwn={isOwn} />
      )}
      {report && <ViolationsCard report={report} />}
      <OriginalNotice plan={plan} />
      {plan.canStart && <ActorNotice plan={plan} />}
      <RightsNotice plan={plan} />
      {plan.canStart && <LeftBehind plan={plan} />}
      <PlanWarnings plan={plan} isUndo={operation.undoes !== null} />
      <DriftCard operation={operation} plan={plan} canAccept={isOwn && plan.canStart} />
      {isConfirmable && (
        <SafetyCard
          plan={plan}
          isUndo={operation.undoes !== null}
          keeps={confirmation.keeps}
          onChange={confirmation.setKeeps}
        />
      )}
      {rehearsal.error && (
        <ErrorNotice error={rehearsal.error} onRetry={() => void rehearsal.refetch()} />
      )}
      {isRehearsed && rehearsal.isPending ? (
        <Loading label="Reading the trial run's report">
          <Skeleton className="pba:h-80" />
        </Loading>
      ) : (
        <Tables plan={plan} report={report} />
      )}
      <Details plan={plan} report={report} />
      {isConfirmable ? (
        <ConfirmBar
          plan={plan}
          confirmation={confirmation}
          onReplan={trial.start}
          label={confirmLabelOf(operation, plan)}
        >
          <CancelOperation operation={operation} />
        </ConfirmBar>
      ) : (
        <StickyActions>
          {isOwn && (
            <Button variant="primary" asChild>
              <Link href={paths.operationStep(operation.id, "scope")}>Change what comes back</Link>
            </Button>
          )}
          <CancelOperation operation={operation} />
        </StickyActions>
      )}
    </>
  );
}

function confirmLabelOf({ undoes }: Operation, plan: RestorePlan): string {
  if (isIdentical(plan)) return undoes ? "Undo anyway" : "Restore anyway";
  return undoes ? "Undo the restore" : "Restore";
}

interface ReportProps {
  plan: RestorePlan;
  /** Null without a trial run, or while its report is read. */
  report: RehearsalReport | null;
}

function Tables({ plan, report }: ReportProps) {
  const tables = useMemo(() => changedTables(plan, report), [plan, report]);
  return <ChangedTablesCard tables={tables} />;
}

/** What need not be read before the confirmation is folded. */
function Details({ plan, report }: ReportProps) {
  const { migrations, manifest } = plan;
  const isSame = migrations.every(({ inBackup, inDatabase }) => inBackup && inDatabase);
  return (
    <>
      <ChecksCard plan={plan} />
      {!isSame && <MigrationsCard migrations={migrations} />}
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-2">
        {report && (
          <Disclosure summary="About the trial run">
            {() => <RehearsalCard report={report} />}
          </Disclosure>
        )}
        {isSame && migrations.length > 0 && (
          <Disclosure summary={`Migrations: the same ${formatCount(migrations.length)}`}>
            {() => <MigrationsCard migrations={migrations} />}
          </Disclosure>
        )}
        <Disclosure summary="About the backup">
          {() => <ManifestCard manifest={manifest} />}
        </Disclosure>
        <Disclosure summary="Table order">{() => <PlanOrder plan={plan} />}</Disclosure>
      </div>
    </>
  );
}
