import * as Radix from "@radix-ui/react-progress";
import { cn } from "./cn.ts";

interface ProgressProps {
  label: string;
  /** 0 to 1. Null: under way, but nothing to measure. */
  fraction: number | null;
  /** What is read out instead of the percentage. */
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
      getValueLabel={(value) => valueText ?? `${value} %`}
      className={cn("pba:h-2 pba:overflow-hidden pba:rounded-full pba:bg-sunken", className)}
    >
      <Radix.Indicator
        // Made anew, so that the first figure does not look like a step back from the whole.
        key={percent === null ? "unknown" : "known"}
        className={cn(
          "pba:block pba:h-full pba:rounded-full pba:forced-colors:bg-[Highlight] pba:transition-[width] pba:duration-500 pba:ease-linear pba:motion-reduce:transition-none",
          TONES[tone],
          percent === null && "pba:animate-pulse pba:opacity-40 pba:motion-reduce:animate-none",
        )}
        // Not `style`: in HTML from the server, a Content Security Policy without 'unsafe-inline' forbids it.
        ref={(bar) => {
          bar?.style.setProperty("width", fraction === null ? "100%" : `${fraction * 100}%`);
        }}
      />
    </Radix.Root>
  );
}
