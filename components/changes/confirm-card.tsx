import type { RestorePlan, SafetyBackupPlan } from "../../lib/shared/api.ts";
import { formatBytes } from "../../lib/shared/format.ts";
import { ApiError } from "../api.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { Button } from "../ui/button.tsx";
import { Card } from "../ui/card.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { Field } from "../ui/field.tsx";
import { Input } from "../ui/input.tsx";
import { Notice } from "../ui/notice.tsx";
import type { Confirmation } from "./use-confirmation.ts";

/** The form that the button at the bottom of the page submits. */
export const CONFIRMATION_ID = "confirmation";

interface ConfirmCardProps {
  plan: RestorePlan;
  confirmation: Confirmation;
  /** Compares the backup with the database again. */
  onReplan: () => void;
}

/** Asks for the database's name, the last confirmation before the database is changed. */
export function ConfirmCard({ plan, confirmation, onReplan }: ConfirmCardProps) {
  const { overview, database, typed, setTyped, keeps, setKeeps, error } = confirmation;
  const isOutdated = error instanceof ApiError && error.report.code === "SCHEMA_DRIFT";
  return (
    <Card title="Confirm">
      <form
        id={CONFIRMATION_ID}
        onSubmit={confirmation.submit}
        className="pba:grid pba:grid-cols-[minmax(0,1fr)] pba:gap-5"
      >
        <SafetyChoice
          safety={plan.safetyBackup}
          isDamaged={plan.tables.some((table) => table.isDamaged)}
          keeps={keeps}
          onChange={setKeeps}
        />
        <Field
          label="Database name"
          hint={
            database !== undefined && (
              <>
                Type{" "}
                <code className="pba:font-mono pba:break-all pba:whitespace-pre-wrap pba:text-ink pba:select-all">
                  {database}
                </code>{" "}
                to confirm. If anything fails, the database stays as it is.
              </>
            )
          }
        >
          {(control) => (
            <Input
              {...control}
              value={typed}
              onChange={(event) => setTyped(event.target.value)}
              disabled={database === undefined}
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
        {error && <ErrorNotice error={error} />}
        {isOutdated && (
          <div>
            <Button onClick={onReplan}>Compare with the database again</Button>
          </div>
        )}
      </form>
    </Card>
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
          <p>
            {safety.message} It needs at most {formatBytes(safety.neededBytes)};{" "}
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
