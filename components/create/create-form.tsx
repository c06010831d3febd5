import { useRouter } from "next/navigation";
import { type FormEvent, useCallback, useState } from "react";
import type { Overview } from "../../lib/shared/api.ts";
import { tableKey } from "../../lib/shared/table-name.ts";
import { describeRows } from "../common/describe-rows.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { ENCRYPTION_LABELS } from "../common/operation-wording.ts";
import { StickyActions } from "../common/sticky-actions.tsx";
import { startDownload } from "../download.ts";
import { usePanel } from "../panel-context.tsx";
import { appTables, describeChoice } from "../table-choice.ts";
import { Button } from "../ui/button.tsx";
import { Download } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { usePromptMutation } from "../use-prompt-mutation.ts";
import { EncryptionCard } from "./encryption-card.tsx";
import {
  checkEncryption,
  type EncryptionDraft,
  recallEncryption,
  rememberEncryption,
} from "./encryption-draft.ts";
import { TablesCard } from "./tables-card.tsx";

export function CreateForm({ overview }: { overview: Overview }) {
  const { api, queries, paths } = usePanel();
  const router = useRouter();
  const create = usePromptMutation(queries.createBackup);
  /** Null: every table, including tables created in the meantime. */
  const [chosen, setChosen] = useState<ReadonlySet<string> | null>(null);
  const [draft, setDraft] = useState(() => recallEncryption(overview.policy));
  const change = useCallback(
    (changes: Partial<EncryptionDraft>) => setDraft((before) => ({ ...before, ...changes })),
    [],
  );
  const [showsProblems, setShowsProblems] = useState(false);

  const tables = chosen
    ? overview.tables.filter((table) => chosen.has(tableKey(table)))
    : appTables(overview.tables);
  const rows = tables.reduce((sum, table) => sum + table.rows, 0);
  const rowsAreExact = tables.every((table) => table.rowsAreExact);
  const summary = `${describeChoice(tables, overview.tables)}, ${describeRows({ rows, rowsAreExact, isReadable: true })}`;
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
          rememberEncryption(draft);
          startDownload(api.archiveUrl(operation.id));
          router.push(paths.operation(operation.id));
        },
      },
    );
  };

  return (
    <form noValidate onSubmit={submit} className="pba:contents">
      <EncryptionCard
        databaseName={overview.database.name}
        policy={overview.policy}
        draft={draft}
        onChange={change}
        problems={showsProblems ? problems : {}}
      />
      <TablesCard overview={overview} summary={summary} chosen={chosen} onChange={setChosen} />
      {create.error && <ErrorNotice error={create.error} />}
      {showsProblems && isEmpty && (
        <Notice tone="bad" role="alert">
          <p>Choose at least one table.</p>
        </Notice>
      )}
      <StickyActions note={`${summary} · ${ENCRYPTION_LABELS[draft.mode].toLowerCase()}`}>
        <Button type="submit" variant="primary" aria-disabled={isBusy}>
          {isBusy ? <Spinner /> : <Download aria-hidden />}
          Download
        </Button>
      </StickyActions>
    </form>
  );
}

/** Runs after the problems are rendered. Does nothing if there are none. */
function focusFirstProblem(form: HTMLFormElement) {
  requestAnimationFrame(() => {
    form.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  });
}
