import type { Operation } from "../../lib/shared/api.ts";
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatPercent,
  formatRate,
  formatRemaining,
} from "../../lib/shared/format.ts";
import { sumProgress } from "../../lib/shared/progress.ts";
import { CancelOperation } from "../common/cancel-operation.tsx";
import { type Fact, Facts } from "../common/facts.tsx";
import {
  fractionOf,
  type PhaseStep,
  phaseSteps,
  stageDescription,
} from "../common/operation-wording.ts";
import { StickyActions } from "../common/sticky-actions.tsx";
import { type Rates, remainingMs } from "../rates.ts";
import { Card } from "../ui/card.tsx";
import { cn } from "../ui/cn.ts";
import { Check } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import { Spinner } from "../ui/spinner.tsx";
import { TableProgressCard } from "./table-progress-card.tsx";
import { TellWhenEnded } from "./tell-when-ended.tsx";
import { useOrder } from "./use-order.ts";
import { useRates } from "./use-rates.ts";

export function RunningProgress({ operation }: { operation: Operation }) {
  const rates = useRates(operation);
  const order = useOrder(operation);
  const steps = phaseSteps(operation);
  const current = steps.find((step) => step.state === "current");
  const fraction = fractionOf(operation);
  return (
    <>
      <Card>
        <div className="pba:grid pba:gap-5">
          <div className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-6 pba:gap-y-1">
            <div>
              <h2 className="pba:text-base pba:font-semibold">{current?.label}</h2>
              <p className="pba:text-muted">{stageDescription(operation)}</p>
            </div>
            {fraction !== null && (
              <p className="pba:text-3xl pba:font-semibold pba:tracking-tight">
                {formatPercent(fraction)}
              </p>
            )}
          </div>
          {operation.progress.waitsFor && (
            <Notice tone="warn" title="Waiting">
              {operation.progress.waitsFor}
            </Notice>
          )}
          <Progress label="Overall progress" fraction={fraction} className="pba:h-3" />
          <Facts facts={factsOf(operation, rates)} />
          <Steps steps={steps} />
          <TellWhenEnded />
        </div>
      </Card>
      <TableProgressCard order={order} tables={operation.progress.tables} rates={rates} />
      <StickyActions note={adviceOf(operation)}>
        <CancelOperation operation={operation} />
      </StickyActions>
    </>
  );
}

function factsOf({ progress, startedAt, now }: Operation, rates: Rates | null): Fact[] {
  const { rows, totalRows, bytes } = sumProgress(progress);
  const isExact = progress.tables.every((table) => table.totalIsExact || table.state === "done");
  const left = rates && remainingMs(rows, totalRows, rates.rowsPerSecond);
  const facts: Fact[] = [];
  if (progress.tables.length > 0) {
    const total = `${isExact ? "" : "about "}${formatCount(totalRows)}`;
    facts.push({ label: "Rows", value: `${formatCount(rows)} of ${total}` });
    facts.push({ label: "Data", value: formatBytes(bytes) });
    if (rates) facts.push({ label: "Rate", value: formatRate(rates.bytesPerSecond) });
  }
  if (startedAt) {
    const elapsedMs = Date.parse(now) - Date.parse(startedAt);
    facts.push({ label: "Elapsed", value: formatDuration(elapsedMs) });
  }
  if (left) facts.push({ label: "Remaining", value: formatRemaining(left) });
  return facts;
}

function adviceOf({ kind, cancelRequested }: Operation): string {
  if (cancelRequested) return "Being cancelled. This can take a moment.";
  return kind === "backup"
    ? "Keep the browser open while it downloads the file. You can close this page."
    : "This runs on the server. You can close this page and come back.";
}

function Steps({ steps }: { steps: PhaseStep[] }) {
  return (
    <ol aria-label="Steps" className="pba:flex pba:flex-wrap pba:gap-x-6 pba:gap-y-2">
      {steps.map((step) => (
        <li
          key={step.phase}
          aria-current={step.state === "current" ? "step" : undefined}
          className={cn(
            "pba:flex pba:items-center pba:gap-2",
            step.state === "current" ? "pba:font-medium pba:text-accent-ink" : "pba:text-muted",
          )}
        >
          {step.state === "done" && (
            <Check aria-label="Done" className="pba:size-4 pba:text-good" />
          )}
          {step.state === "current" && <Spinner />}
          {step.state === "waiting" && (
            <span
              aria-hidden
              className="pba:mx-1 pba:size-2 pba:rounded-full pba:border pba:border-line-strong"
            />
          )}
          {step.label}
        </li>
      ))}
    </ol>
  );
}
