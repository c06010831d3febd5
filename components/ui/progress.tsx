import { formatPercent } from "../../lib/shared/format.ts";
import type { Tone } from "./badge.tsx";
import { cn } from "./cn.ts";

interface ProgressProps {
  label: string;
  /** From 0 to 1. Null: in progress, but not measurable. */
  fraction: number | null;
  /** Read out instead of the percentage. */
  valueText?: string;
  tone?: Tone;
  className?: string;
}

const TONES = {
  neutral: "pba:bg-line-strong",
  accent: "pba:bg-accent",
  good: "pba:bg-good",
  warn: "pba:bg-warn",
  bad: "pba:bg-bad",
};

export function Progress(props: ProgressProps) {
  const { label, fraction, valueText, tone = "accent", className } = props;
  const percent = fraction === null ? null : Math.floor(Math.min(1, Math.max(0, fraction)) * 100);
  return (
    <div
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={percent ?? undefined}
      aria-valuetext={percent === null ? undefined : (valueText ?? formatPercent(fraction ?? 0))}
      className={cn("pba:h-2 pba:overflow-hidden pba:rounded-full pba:bg-sunken", className)}
    >
      <div
        // A new key makes a new element, so that the first figure does not animate backwards from the full width.
        key={percent === null ? "unknown" : "known"}
        className={cn(
          "pba:h-full pba:rounded-full pba:forced-colors:bg-[Highlight] pba:transition-[width] pba:duration-500 pba:ease-linear pba:motion-reduce:transition-none",
          TONES[tone],
          percent === null && "pba:animate-pulse pba:opacity-40 pba:motion-reduce:animate-none",
        )}
        // Not the `style` attribute: a Content Security Policy without 'unsafe-inline' forbids it in HTML from the
        // server.
        ref={(bar) => {
          bar?.style.setProperty("width", fraction === null ? "100%" : `${fraction * 100}%`);
        }}
      />
    </div>
  );
}
