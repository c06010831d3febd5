import { useQuery } from "@tanstack/react-query";
import { useRouter } from "next/navigation";
import { type FormEvent, useMemo, useState } from "react";
import type { Operation, RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { ErrorNotice } from "../common/error-notice.tsx";
import { usePanel } from "../panel-context.tsx";
import { appTables, referencesInto } from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { ArrowRight } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { MERGING_MODES, MODES } from "./mode-wording.ts";
import { RowsCard } from "./rows-card.tsx";
import { isSameScope, scopeTables, toDraft, toScope } from "./scope-draft.ts";
import { ScopeTablesCard } from "./scope-tables-card.tsx";

interface ScopeStepProps {
  operation: Operation;
  plan: RestorePlan;
}

/** Asks which part of the backup to restore, and what happens to existing rows. */
export function ScopeStep({ operation, plan }: ScopeStepProps) {
  const { queries, paths } = usePanel();
  const router = useRouter();
  const overview = useQuery(queries.overview).data;
  const replan = usePromptMutation(queries.planRestore(operation.id));
  const [draft, setDraft] = useState(() => toDraft(plan.scope));
  const [rehearses, setRehearses] = useState(true);
  const [showsProblem, setShowsProblem] = useState(false);
  const tables = useMemo(() => scopeTables(plan, overview?.tables), [plan, overview]);
  const edges = (overview ?? plan).insertionOrder.edges;
  const all = appTables(tables);
  const isPart = referencesInto(new Set(all.map(tableKey)), edges).length > 0;
  const scope = toScope(draft, tables, isPart);
  const modes = draft.rows ? MERGING_MODES : (Object.keys(MODES) as Array<keyof typeof MODES>);
  const isPlanned = (wanted: typeof scope): boolean =>
    wanted !== null && isSameScope(wanted, plan.scope) && (!rehearses || plan.rehearsal !== null);

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    setShowsProblem(scope === null);
    if (!scope || replan.isPending) return;
    try {
      // Use the promise: callbacks of `mutate` would not run, because this step is unmounted while the plan is made.
      if (!isPlanned(scope)) await replan.mutateAsync({ scope, rehearse: rehearses });
    } catch {
      // The mutation's own state shows the error.
      return;
    }
    router.push(paths.operationStep(operation.id, "changes"));
  };

  return (
    <form noValidate onSubmit={submit} className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-6">
      {draft.rows ? (
        <RowsCard rows={draft.rows} tables={tables} />
      ) : (
        <ScopeTablesCard
          tables={tables}
          edges={edges}
          mode={draft.mode}
          chosen={draft.chosen}
          onChange={(chosen) => setDraft({ ...draft, chosen })}
        />
      )}
      <Card title="What about existing rows?">
        <RadioCards
          label="What about existing rows?"
          className="pba:@2xl:grid-cols-2"
          value={draft.mode}
          onChange={(mode) => setDraft({ ...draft, mode })}
          options={modes.map((mode) => ({
            value: mode,
            title: MODES[mode].title,
            description: MODES[mode].consequence,
          }))}
        />
        <p className="pba:mt-4 pba:text-muted">
          Each way is all or nothing: if one row cannot be restored, none is.
        </p>
      </Card>
      <Card>
        <CheckField
          label="Do a trial run first"
          hint="A trial run shows which rows will be added, removed and changed, and whether every constraint holds. It changes nothing, and takes about as long as the restore."
          checked={rehearses}
          onChange={setRehearses}
        />
      </Card>
      {replan.error && <ErrorNotice error={replan.error} />}
      {showsProblem && scope === null && (
        <Notice tone="bad" role="alert">
          <p>Choose at least one table.</p>
        </Notice>
      )}
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-3">
        <CancelOperation operation={operation} />
        <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-5 pba:gap-y-3">
          <p className="pba:text-muted">
            {draft.rows ? "" : formatNoun(draft.chosen?.size ?? all.length, "table")}
          </p>
          <Button type="submit" variant="primary" aria-disabled={replan.isPending}>
            Continue
            {replan.isPending ? <Spinner /> : <ArrowRight aria-hidden />}
          </Button>
        </div>
      </div>
    </form>
  );
}
