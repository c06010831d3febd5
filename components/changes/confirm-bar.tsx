import { type ReactNode, useId } from "react";
import type { RestorePlan } from "../../lib/shared/api.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { ApiError } from "../api.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { StickyActions } from "../common/sticky-actions.tsx";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";
import { focusRing } from "../ui/focus-ring.ts";
import { Input } from "../ui/input.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { DRIFT_ID } from "./drift-card.tsx";
import { isIdentical } from "./restore-statement.ts";
import type { Confirmation } from "./use-confirmation.ts";

interface ConfirmBarProps {
  plan: RestorePlan;
  confirmation: Confirmation;
  /** Compares the backup with the database again. */
  onReplan: () => void;
  label: string;
  /** The other buttons. */
  children: ReactNode;
}

/** The last confirmation before the database is changed. It asks for the database's name, always in sight. */
export function ConfirmBar({ plan, confirmation, onReplan, label, children }: ConfirmBarProps) {
  const { overview, database, typed, setTyped, error, canStart, isStarting } = confirmation;
  const id = useId();
  const isOutdated = error instanceof ApiError && error.report.code === "SCHEMA_DRIFT";
  return (
    <form onSubmit={confirmation.submit} className="pba:contents">
      {overview.error && !overview.data && (
        <ErrorNotice error={overview.error} onRetry={() => void overview.refetch()} />
      )}
      <StickyActions note={!confirmation.isAccepted && <ToConfirm count={plan.drift.length} />}>
        {error && (
          <div className="pba:w-full">
            <ErrorNotice error={error} />
            {isOutdated && (
              <Button className="pba:mt-2" onClick={onReplan}>
                Compare with the database again
              </Button>
            )}
          </div>
        )}
        <label htmlFor={id} className="pba:w-full pba:text-muted">
          Database name: type{" "}
          <code className="pba:font-mono pba:break-all pba:whitespace-pre-wrap pba:text-ink pba:select-all">
            {database}
          </code>{" "}
          to confirm
        </label>
        <Input
          id={id}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
          disabled={database === undefined}
          autoCapitalize="off"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          className="pba:w-auto pba:min-w-0 pba:shrink pba:grow pba:basis-32 pba:font-mono"
        />
        <Button
          type="submit"
          variant={isIdentical(plan) ? "secondary" : "danger"}
          disabled={!canStart || isStarting}
        >
          {isStarting && <Spinner />}
          {label}
        </Button>
        {children}
      </StickyActions>
    </form>
  );
}

function ToConfirm({ count }: { count: number }) {
  return (
    <p>
      <a
        href={`#${DRIFT_ID}`}
        className={cn("pba:rounded pba:font-medium pba:text-accent-ink pba:underline", focusRing)}
      >
        {formatNoun(count, "difference")}
      </a>{" "}
      to read and confirm first.
    </p>
  );
}
