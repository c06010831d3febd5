import * as Radix from "@radix-ui/react-progress";
import { formatPercent } from "../../lib/shared/format.ts";
import { cn } from "./cn.ts";

interface ProgressProps {
  label: string;
  /** From 0 to 1. Null: in progress, but not measurable. */
  fraction: number | null;
  /** Read out instead of the percentage. */
  valueText?: string;
  tone?: "neutral" | "accent" | "good" | "warn" | "bad";
  className?: string;
}

const TONES = {
  neutral: "pba:bg-line-strong",
  accent: "pba:bg-accent",
  good: "pba:bg-good",
  warn: "pba:bg-warn",
  bad: "pba:bg-bad",
};

export function Progress({
  label,
  fraction,
  valueText,
  tone = "accent",
  className,
}: ProgressProps) {
  const percent = fraction === null ? null : Math.floor(Math.min(1, Math.max(0, fraction)) * 100);
  return (
    <Radix.Root
      aria-label={label}
      value={percent}
      getValueLabel={() => valueText ?? formatPercent(fraction ?? 0)}
      className={cn("pba:h-2 pba:overflow-hidden pba:rounded-full pba:bg-sunken", className)}
    >
      <Radix.Indicator
        // A new key makes a new element, so that the first figure does not animate backwards from the full width.
        key={percent === null ? "unknown" : "known"}
        className={cn(
          "pba:block pba:h-full pba:rounded-full pba:forced-colors:bg-[Highlight] pba:transition-[width] pba:duration-500 pba:ease-linear pba:motion-reduce:transition-none",
          TONES[tone],
          percent === null && "pba:animate-pulse pba:opacity-40 pba:motion-reduce:animate-none",
        )}
        // Not the `style` attribute: a Content Security Policy without 'unsafe-inline' forbids it in HTML from the
        // server.
        ref={(bar) => {
          bar?.style.setProperty("width", fraction === null ? "100%" : `${fraction * 100}%`);
        }}
      />
    </Radix.Root>
  );
}
