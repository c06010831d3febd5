import { useRouter } from "next/navigation";
import { type FormEvent, useState } from "react";
import type { Overview } from "../../lib/shared/api.ts";
import { formatCount, formatNoun } from "../../lib/shared/format.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { ENCRYPTION_LABELS } from "../common/operation-wording.ts";
import { startDownload } from "../download.ts";
import { usePanel } from "../panel-context.tsx";
import { appTables } from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Download } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { EncryptionCard } from "./encryption-card.tsx";
import { checkEncryption, NO_ENCRYPTION_DRAFT } from "./encryption-draft.ts";
import { TablesCard } from "./tables-card.tsx";

export function CreateForm({ overview }: { overview: Overview }) {
  const { api, queries, paths } = usePanel();
  const router = useRouter();
  const create = usePromptMutation(queries.createBackup);
  /** Null: every table, including tables created in the meantime. */
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [draft, setDraft] = useState({
    ...NO_ENCRYPTION_DRAFT,
    mode: overview.policy.encryption[0] ?? NO_ENCRYPTION_DRAFT.mode,
  });
  const [showsProblems, setShowsProblems] = useState(false);

  const tables = chosen
    ? overview.tables.filter((table) => chosen.has(tableKey(table)))
    : appTables(overview.tables);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const { encryption, problems } = checkEncryption(draft, overview.policy);
  const isEmpty = tables.length === 0;
  // Stays busy while the browser loads the new operation's page.
  const isBusy = create.isPending || create.isSuccess;

  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    setShowsProblems(true);
    focusFirstProblem(event.currentTarget);
    if (!encryption || isEmpty || isBusy) return;
    create.mutate(
      {
        encryption,
        ...(chosen && { tables: tables.map(({ schema, name }) => ({ schema, name })) }),
      },
      {
        onSuccess: (operation) => {
          startDownload(api.archiveUrl(operation.id));
          router.push(paths.operation(operation.id));
        },
      },
    );
  };

  return (
    <form noValidate onSubmit={submit} className="pba:grid pba:gap-6">
      <TablesCard overview={overview} chosen={chosen} onChange={setChosen} />
      <EncryptionCard
        databaseName={overview.database.name}
        policy={overview.policy}
        draft={draft}
        onChange={setDraft}
        problems={showsProblems ? problems : {}}
      />
      {create.error && <ErrorNotice error={create.error} />}
      {showsProblems && isEmpty && (
        <Notice tone="bad" role="alert">
          <p>Choose at least one table.</p>
        </Notice>
      )}
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-end pba:gap-x-6 pba:gap-y-3">
        <p className="pba:text-muted">
          {chosen
            ? `${formatCount(tables.length)} of ${formatNoun(overview.tables.length, "table")}`
            : `All ${formatNoun(tables.length, "table")}`}
          {` · ${formatNoun(rows, "row")} · ${ENCRYPTION_LABELS[draft.mode].toLowerCase()}`}
        </p>
        <Button type="submit" variant="primary" aria-disabled={isBusy}>
          {isBusy ? <Spinner /> : <Download aria-hidden />}
          Start backup
        </Button>
      </div>
    </form>
  );
}

/** Runs after the problems are rendered. Does nothing if there are none. */
function focusFirstProblem(form: HTMLFormElement) {
  requestAnimationFrame(() => {
    form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  });
}
