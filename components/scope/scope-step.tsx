import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { type FormEvent, useEffect, useMemo, useState } from "react";
import type { Operation, RestorePlan, RestoreScope } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { ErrorNotice } from "../common/error-notice.tsx";
import { StickyActions } from "../common/sticky-actions.tsx";
import { usePanel } from "../panel-context.tsx";
import { appTables, referencesInto } from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { ArrowRight } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { RadioCards } from "../ui/radio-cards.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { MERGING_MODES, MODES } from "./mode-wording.ts";
import { RowsCard } from "./rows-card.tsx";
import { isSameScope, type ScopeDraft, scopeTables, toDraft, toScope } from "./scope-draft.ts";
import { ScopeTablesCard } from "./scope-tables-card.tsx";

interface ScopeStepProps {
  operation: Operation;
  plan: RestorePlan;
}

/** Asks which part of the backup to restore, and what happens to existing rows. */
export function ScopeStep({ operation, plan }: ScopeStepProps) {
  const { queries, paths } = usePanel();
  const overview = useQuery(queries.overview).data;
  const tables = useMemo(() => scopeTables(plan, overview?.tables), [plan, overview]);
  const [draft, setDraft] = useState(() => toDraft(plan.scope, tables));
  const [showsProblem, setShowsProblem] = useState(false);
  const { choose, isPending, error } = useChosenScope(operation, plan);
  const edges = (overview ?? plan).insertionOrder.edges;
  const all = appTables(tables);
  const isPart =
    operation.undoes !== null || referencesInto(new Set(all.map(tableKey)), edges).length > 0;
  const scope = toScope(draft, tables, isPart);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setShowsProblem(scope === null);
    if (scope && !isPending) choose(scope);
  };
  return (
    <form noValidate onSubmit={submit} className="pba:contents">
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
      <ModeCard draft={draft} onChange={setDraft} />
      {error && <ErrorNotice error={error} />}
      {showsProblem && scope === null && (
        <Notice tone="bad" role="alert">
          <p>Choose at least one table.</p>
        </Notice>
      )}
      <StickyActions
        note={draft.rows ? null : formatNoun(draft.chosen?.size ?? all.length, "table")}
      >
        <Button type="submit" variant="primary" aria-disabled={isPending}>
          Continue
          {isPending ? <Spinner /> : <ArrowRight aria-hidden />}
        </Button>
        <Button asChild>
          <Link href={paths.operationStep(operation.id, "changes")}>Back to the review</Link>
        </Button>
        <CancelOperation operation={operation} namesIt />
      </StickyActions>
    </form>
  );
}

interface ModeCardProps {
  draft: ScopeDraft;
  onChange: (draft: ScopeDraft) => void;
}

function ModeCard({ draft, onChange }: ModeCardProps) {
  const modes = draft.rows ? MERGING_MODES : (Object.keys(MODES) as Array<keyof typeof MODES>);
  return (
    <Card title="What about existing rows?">
      <RadioCards
        label="What about existing rows?"
        className="pba:@2xl:grid-cols-2"
        value={draft.mode}
        onChange={(mode) => onChange({ ...draft, mode })}
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
  );
}

/** Has the restore planned for the chosen scope, and goes back to the review when that plan is there. */
function useChosenScope({ id, state, progress }: Operation, { scope }: RestorePlan) {
  const { queries, paths } = usePanel();
  const router = useRouter();
  const { isPending, isSuccess, error, mutate } = usePromptMutation(queries.planRestore(id));
  const [chosen, setChosen] = useState<RestoreScope | null>(null);
  const isPlanned = state === "ready" || progress.stage === "rehearsal";
  const isThere = chosen !== null && isPlanned && isSameScope(chosen, scope);
  // Another tab has chosen something else since.
  const isOvertaken = isSuccess && isPlanned && !isThere;
  useEffect(() => {
    if (isThere) router.push(paths.operationStep(id, "changes"));
  }, [isThere, id, paths, router]);
  return {
    isPending: isPending || (chosen !== null && !error && !isOvertaken),
    error,
    choose(wanted: RestoreScope) {
      setChosen(wanted);
      if (!isSameScope(wanted, scope)) mutate({ scope: wanted, rehearse: true });
    },
  };
}
