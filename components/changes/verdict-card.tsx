import Link from "next/link";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import {
  formatAge,
  formatBytes,
  formatDuration,
  formatMoment,
  formatNoun,
  formatPercent,
  formatTables,
} from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { Facts } from "../common/facts.tsx";
import { fractionOf, phaseSteps } from "../common/operation-wording.ts";
import { usePanel } from "../panel-context.tsx";
import { describeRestore, describeScope, isEverything, MODES } from "../scope/mode-wording.ts";
import { MIGRATIONS_TABLE } from "../scope/scope-draft.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { FlaskConical } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import { Spinner } from "../ui/spinner.tsx";
import {
  consequencesOf,
  headlineOf,
  isIdentical,
  trialRunTime,
  waitOf,
} from "./restore-statement.ts";
import { TRIAL_RUN, type useTrialRun } from "./use-trial-run.ts";

interface VerdictCardProps {
  operation: Operation;
  plan: RestorePlan;
  /** The name of the database. Undefined while it is read. */
  database: string | undefined;
  trial: ReturnType<typeof useTrialRun>;
  isOwn: boolean;
}

/** Says what the restore does, from which backup, and what a trial run has found. */
export function VerdictCard({ operation, plan, database, trial, isOwn }: VerdictCardProps) {
  const { paths } = usePanel();
  const consequences = consequencesOf(plan);
  const { archive, fileName } = operation;
  const { tables, tablesInDatabase } = plan.manifest;
  return (
    <Card
      title={
        isIdentical(plan) ? "Already identical: nothing to restore." : headlineOf(plan, operation)
      }
    >
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-4">
        <p className="pba:max-w-prose pba:text-base pba:wrap-anywhere">
          {isIdentical(plan)
            ? `${headlineOf(plan, operation)} Every row that would come back is there already, unchanged.`
            : [consequences ?? describeRestore(plan, database ?? "this database"), waitOf(plan)]
                .filter(Boolean)
                .join(" ")}
        </p>
        <Facts
          className="pba:grid-cols-1 pba:@2xl:grid-cols-2"
          facts={[
            {
              label: operation.undoes ? "From the safety backup" : "From the backup",
              value: (
                <span className="pba:font-normal pba:wrap-anywhere">
                  <span className="pba:font-mono pba:text-xs pba:break-all">{fileName}</span>
                  {archive && ` · ${formatBytes(archive.sizeBytes)}`}
                  {` · ${formatTables(tables.length, operation.undoes ? null : tablesInDatabase)}`}
                </span>
              ),
            },
            {
              label: "What comes back",
              value: (
                <span className="pba:font-normal pba:wrap-anywhere">
                  {describeScope(plan, operation)}
                  {isEverything(plan) &&
                    hasMigrations(plan) &&
                    " (_prisma_migrations stays as it is)"}
                  {` · ${MODES[plan.scope.mode].title}`}
                  {isOwn && (
                    <>
                      {" · "}
                      <Link
                        href={paths.operationStep(operation.id, "scope")}
                        className={cn("pba:rounded pba:text-accent-ink pba:underline", focusRing)}
                      >
                        Change…
                      </Link>
                    </>
                  )}
                </span>
              ),
            },
          ]}
        />
        <div className="pba:flex pba:flex-wrap pba:items-start pba:justify-between pba:gap-3">
          <TrialRunLine operation={operation} plan={plan} />
          {isOwn && operation.state === "ready" && !trial.isStarting && (
            <Button size="small" onClick={trial.start}>
              <FlaskConical aria-hidden />
              {plan.rehearsal ? "Repeat the trial run" : "Start a trial run"}
            </Button>
          )}
        </div>
        {trial.error && <ErrorNotice error={trial.error} />}
      </div>
    </Card>
  );
}

/** A restore never changes that table, so one table fewer than the backup has is restored. */
const hasMigrations = ({ tables }: RestorePlan): boolean =>
  tables.some(({ name }) => name === MIGRATIONS_TABLE);

function TrialRunLine({ operation, plan }: Pick<VerdictCardProps, "operation" | "plan">) {
  const { rehearsal, checks } = plan;
  if (operation.state === "running") {
    const fraction = fractionOf(operation);
    const phase = phaseSteps(operation).find(({ state }) => state === "current");
    return (
      <div className="pba:grid pba:grow pba:gap-1.5">
        <p className="pba:flex pba:items-center pba:gap-2 pba:font-medium">
          <Spinner />
          Trial run{fraction !== null && `: ${formatPercent(fraction)}`}
          {phase && ` · ${phase.label}`}
        </p>
        {operation.progress.waitsFor && (
          <Notice tone="warn" title="Waiting">
            {operation.progress.waitsFor}
          </Notice>
        )}
        <Progress label="Trial run" fraction={fraction} className="pba:h-1.5" />
        <p className="pba:text-muted">
          It shows which rows change, and whether every constraint holds. It changes nothing. You
          need not wait for it.
        </p>
      </div>
    );
  }
  if (!rehearsal) {
    const reason = checks.find(({ name }) => name === TRIAL_RUN)?.message;
    return <p className="pba:text-muted">{reason ?? "The trial run begins."}</p>;
  }
  const time = `It took ${formatDuration(rehearsal.elapsedMs)}, and nothing was changed.`;
  if (rehearsal.wouldSucceed) {
    return (
      <div>
        <p className="pba:font-medium pba:text-good">The trial run succeeded</p>
        <p className="pba:text-muted">Every constraint holds. {time}</p>
        <TrialRunTime operation={operation} plan={plan} />
      </div>
    );
  }
  return (
    <Notice tone="bad" title="The trial run failed">
      <p>
        {rehearsal.violations > 0 &&
          `${formatNoun(rehearsal.violations, "constraint")} of this database ${rehearsal.violations === 1 ? "is" : "are"} violated by rows of the backup. `}
        The restore would fail too, and change nothing.
      </p>
      <p>
        Correct what is listed below and repeat the trial run, or change what comes back. {time}
      </p>
      <TrialRunTime operation={operation} plan={plan} />
    </Notice>
  );
}

/** Says when the trial run was, because the database may have changed since. */
function TrialRunTime({ operation, plan }: Pick<VerdictCardProps, "operation" | "plan">) {
  const time = trialRunTime(plan, operation);
  if (!time) return null;
  const { endedAt, isOld } = time;
  return (
    <p>
      Trial run:{" "}
      <time dateTime={endedAt}>
        {formatAge(endedAt, Date.parse(operation.now))} · {formatMoment(endedAt)}
      </time>
      {isOld && (
        <span className="pba:block pba:font-medium pba:text-warn">
          The data may have changed since. Repeat the trial run to be sure.
        </span>
      )}
    </p>
  );
}
