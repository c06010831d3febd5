import { useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Operation, RestorePlan, SafetyBackupPlan } from "../../lib/shared/api.ts";
import { isConfirmedBy } from "../../lib/shared/database-name.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { ApiError } from "../api.ts";
import { useAcceptedDrift } from "../changes/accepted-drift.ts";
import { DriftCard } from "../changes/drift-card.tsx";
import { RightsNotice } from "../changes/plan-findings.tsx";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { ErrorNotice } from "../common/error-notice.tsx";
import { usePanel } from "../panel-context.tsx";
import { describeRestore, MERGING_MODES } from "../scope/mode-wording.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";

interface ConfirmStepProps {
  operation: Operation;
  plan: RestorePlan;
}

/** The last confirmation before the database is changed. */
export function ConfirmStep({ operation, plan }: ConfirmStepProps) {
  const { queries } = usePanel();
  const overview = useQuery(queries.overview);
  const start = usePromptMutation(queries.startRestore(operation.id));
  const replan = usePromptMutation(queries.planRestore(operation.id));
  const [typed, setTyped] = useState("");
  const [keeps, setKeeps] = useState(true);
  const [isAccepted] = useAcceptedDrift(operation, plan);
  // After a reload the drift must be confirmed again. Once confirmed, the card stays, so that nothing moves under the
  // cursor.
  const [asksDrift] = useState(!isAccepted);
  const name = overview.data?.database.name;
  const safety = plan.safetyBackup;
  const canKeep = safety?.possible ?? false;
  const canStart = name !== undefined && isConfirmedBy(typed, name) && isAccepted;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!canStart || start.isPending) return;
    start.mutate({
      confirmation: name,
      safetyBackup: canKeep && keeps,
      ...(plan.drift.length > 0 && { acceptDrift: true }),
    });
  };
  const isOutdated = start.error instanceof ApiError && start.error.report.code === "SCHEMA_DRIFT";

  return (
    <div className="pba:grid pba:max-w-3xl pba:grid-cols-[minmax(0,1fr)] pba:gap-6">
      {asksDrift && <DriftCard operation={operation} plan={plan} canAccept />}
      <Card>
        <form onSubmit={submit} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5">
          <Notice tone={MERGING_MODES.includes(plan.scope.mode) ? "accent" : "warn"}>
            <p className="pba:wrap-anywhere">{describeRestore(plan, name ?? "this database")}</p>
          </Notice>
          <RightsNotice plan={plan} />
          {plan.rehearsal?.wouldSucceed === false && (
            <Notice tone="bad">
              <p>
                The trial run failed. This restore will fail too, unless you have corrected what the
                trial run found.
              </p>
            </Notice>
          )}
          <p className="pba:text-muted">
            The restore changes nothing before its last step. If anything fails, the database stays
            as it is.
          </p>
          <SafetyChoice
            safety={safety}
            isDamaged={plan.tables.some((table) => table.isDamaged)}
            keeps={canKeep && keeps}
            onChange={setKeeps}
          />
          <Field
            label="Database name"
            hint={
              name !== undefined && (
                <>
                  Type{" "}
                  <code className="pba:font-mono pba:break-all pba:whitespace-pre-wrap pba:text-ink pba:select-all">
                    {name}
                  </code>{" "}
                  to confirm.
                </>
              )
            }
          >
            {(control) => (
              <Input
                {...control}
                value={typed}
                onChange={(event) => setTyped(event.target.value)}
                disabled={name === undefined}
                autoCapitalize="off"
                autoComplete="off"
                autoCorrect="off"
                spellCheck={false}
                className="pba:max-w-md pba:font-mono"
              />
            )}
          </Field>
          {overview.error && !overview.data && (
            <ErrorNotice error={overview.error} onRetry={() => void overview.refetch()} />
          )}
          {start.error && <ErrorNotice error={start.error} />}
          {isOutdated && (
            <div>
              <Button
                disabled={replan.isPending}
                onClick={() =>
                  replan.mutate({ scope: plan.scope, rehearse: plan.rehearsal !== null })
                }
              >
                {replan.isPending && <Spinner />}
                Compare with the database again
              </Button>
            </div>
          )}
          {replan.error && <ErrorNotice error={replan.error} />}
          <div className="pba:flex pba:flex-wrap pba:gap-3">
            <Button type="submit" variant="danger" disabled={!canStart || start.isPending}>
              {start.isPending && <Spinner />}
              Restore
            </Button>
            <CancelOperation operation={operation} />
          </div>
        </form>
      </Card>
    </div>
  );
}

interface SafetyChoiceProps {
  safety: SafetyBackupPlan | null;
  /** The current data cannot be read, so a backup by hand would fail too. */
  isDamaged: boolean;
  keeps: boolean;
  onChange: (keeps: boolean) => void;
}

function SafetyChoice({ safety, isDamaged, keeps, onChange }: SafetyChoiceProps) {
  if (!safety) return null;
  if (!safety.possible) {
    return (
      <Notice tone="warn" title="No safety backup can be made, so you cannot undo this restore.">
        <p>{safety.message}</p>
        {!isDamaged && <p>If you may need the current data again, make a backup first.</p>}
      </Notice>
    );
  }
  return (
    <CheckField
      label="Save the current data first, so that you can undo this restore"
      hint={
        <>
          <p>{safety.message}</p>
          <p>
            The safety backup needs at most {formatBytes(safety.neededBytes)};{" "}
            {formatBytes(safety.freeBytes)} are free.
          </p>
          {!keeps && (
            <p role="status" className="pba:mt-1 pba:font-medium pba:text-warn">
              Without a safety backup, you cannot undo this restore.
            </p>
          )}
        </>
      }
      checked={keeps}
      onChange={onChange}
    />
  );
}
