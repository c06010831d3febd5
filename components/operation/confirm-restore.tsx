import { useMutation, useQuery } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Check, Operation, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { DriftList, WarningList } from "../common/findings.tsx";
import { usePanel } from "../panel-context.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { Field } from "../ui/field.tsx";
import { focusRing } from "../ui/focus-ring.ts";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { CancelOperation } from "./cancel-operation.tsx";
import { CheckList } from "./check-list.tsx";
import { ManifestCard } from "./manifest-card.tsx";
import { isOfOriginal } from "./operation-wording.ts";
import { PlanOrder } from "./plan-order.tsx";
import { PlanTables } from "./plan-tables.tsx";

interface ConfirmRestoreProps {
  operation: Operation;
  plan: RestorePlan;
}

/** What the check of the archive found, and the last question before the database is replaced. */
export function ConfirmRestore({ operation, plan }: ConfirmRestoreProps) {
  const isOriginal = isOfOriginal(plan);
  const warnings = <PlanWarnings plan={plan} />;
  return (
    <div
      className={cn(
        "pba:grid pba:grid-cols-[minmax(0,1fr)] pba:items-start pba:gap-6",
        plan.canStart && "pba:@4xl:grid-cols-[minmax(0,1fr)_22rem]",
      )}
    >
      {!plan.canStart && <Refusal operation={operation} plan={plan} />}
      <div className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-6">
        {isOriginal && <OriginalNotice plan={plan} />}
        {isOriginal && warnings}
        <ManifestCard manifest={plan.manifest} />
        <Card title="Checks" description="Every byte of the archive was read.">
          <CheckList checks={shortChecks(plan)} />
        </Card>
        {!isOriginal && warnings}
        {plan.drift.length > 0 && (
          <Card title="Drift" description="Here the archive and this database disagree.">
            <DriftList drift={plan.drift} />
          </Card>
        )}
        <PlanTables tables={plan.tables} />
      </div>
      {plan.canStart && (
        <div className="pba:@4xl:sticky pba:@4xl:top-6 pba:@4xl:col-start-2 pba:@4xl:row-span-2 pba:@4xl:row-start-1">
          <Confirmation operation={operation} plan={plan} />
        </div>
      )}
      <PlanOrder plan={plan} />
    </div>
  );
}

const INTEGRITY = "ORIGINAL_INTEGRITY";

function OriginalNotice({ plan }: Pick<ConfirmRestoreProps, "plan">) {
  const integrity = plan.warnings.find(({ code }) => code === INTEGRITY);
  return (
    <Notice tone="warn" title={`This backup was written by ${plan.manifest.tool}.`}>
      <p>{integrity?.message}</p>
    </Notice>
  );
}

/** Those that have no place of their own. */
const listedWarnings = ({ warnings }: RestorePlan) =>
  warnings.filter(({ code }) => code !== INTEGRITY);

function PlanWarnings({ plan }: Pick<ConfirmRestoreProps, "plan">) {
  const warnings = listedWarnings(plan);
  if (warnings.length === 0) return null;
  return (
    <Card
      id={WARNINGS_ID}
      title="Warnings"
      description={
        isOfOriginal(plan)
          ? "What to know before this restore. What the files themselves have lost does not come back."
          : undefined
      }
    >
      <WarningList warnings={warnings} />
    </Card>
  );
}

const WARNINGS_ID = "warnings";

/** The drift has a list of its own: a check that repeats it would bury the others. */
function shortChecks({ checks, drift }: RestorePlan): Check[] {
  const blocking = drift.filter(({ blocks }) => blocks).length;
  return checks.map((check) =>
    check.name === "schema" && check.state === "failed" && blocking > 0
      ? {
          ...check,
          message: `This database's schema is not the backup's: ${formatNoun(blocking, "difference")} in the way, listed under Drift.`,
        }
      : check,
  );
}

const NAMED_DRIFT = 5;

/** Why this backup and this database do not go together. */
function Refusal({ operation, plan }: ConfirmRestoreProps) {
  const failed = shortChecks(plan).filter(({ state }) => state === "failed");
  const drift = plan.drift.filter(({ blocks }) => blocks);
  const unnamed = drift.length - NAMED_DRIFT;
  const reasons = [...failed, ...drift.slice(0, NAMED_DRIFT)].map(({ message }) => message);
  return (
    <Notice
      tone="bad"
      role="alert"
      title="This backup cannot be restored here."
      actions={<CancelOperation operation={operation} />}
    >
      <p className="pba:font-semibold">Nothing has changed.</p>
      <ul className="pba:list-disc pba:pl-4">
        {[...new Set(reasons)].map((reason) => (
          <li key={reason} className="pba:wrap-anywhere">
            {reason}
          </li>
        ))}
        {unnamed > 0 && <li>And {unnamed} more under Drift.</li>}
      </ul>
    </Notice>
  );
}

function Confirmation({ operation, plan }: ConfirmRestoreProps) {
  const { queries } = usePanel();
  const overview = useQuery(queries.overview);
  const start = useMutation(queries.startRestore(operation.id));
  const [typed, setTyped] = useState("");
  const name = overview.data?.database.name;
  const isConfirmed = name !== undefined && typed.trim() === name;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (isConfirmed && !start.isPending) start.mutate({ confirmation: name });
  };
  const warnings = listedWarnings(plan).length;
  const replaced = plan.tables.filter((table) => table.action === "replace").length;

  return (
    <Card title="Replace the data">
      <form onSubmit={submit} className="pba:grid pba:gap-4">
        <Notice tone="warn">
          <p>
            All rows of {formatNoun(replaced, "table")} in{" "}
            <strong className="pba:font-semibold pba:break-all">{name ?? "this database"}</strong>{" "}
            are replaced by those of the backup. What was added since then is lost.
          </p>
        </Notice>
        {warnings > 0 && (
          <p>
            <a
              className={cn(
                "pba:rounded pba:font-medium pba:text-accent-ink pba:underline",
                focusRing,
              )}
              href={`#${WARNINGS_ID}`}
            >
              {formatNoun(warnings, "warning")}
            </a>{" "}
            should be read before.
          </p>
        )}
        <p className="pba:text-muted">
          Until the last step nothing is changed: if anything fails, the database stays as it is.
          Consider making a backup of the present state first.
        </p>
        <Field
          label="Database name"
          hint={
            name !== undefined && (
              <>
                Type{" "}
                <code className="pba:font-mono pba:break-all pba:text-ink pba:select-all">
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
              className="pba:font-mono"
            />
          )}
        </Field>
        {overview.error && !overview.data && (
          <ErrorNotice error={overview.error} onRetry={() => void overview.refetch()} />
        )}
        {start.error && <ErrorNotice error={start.error} />}
        <div className="pba:flex pba:flex-wrap pba:gap-3">
          <Button type="submit" variant="danger" disabled={!isConfirmed || start.isPending}>
            {start.isPending && <Spinner />}
            Restore
          </Button>
          <CancelOperation operation={operation} />
        </div>
      </form>
    </Card>
  );
}
