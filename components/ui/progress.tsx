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
  neutral: "bg-pba-line-strong",
  accent: "bg-pba-accent",
  good: "bg-pba-good",
  warn: "bg-pba-warn",
  bad: "bg-pba-bad",
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
      className={cn("h-2 overflow-hidden rounded-full bg-pba-sunken", className)}
    >
      <Radix.Indicator
        // Made anew, so that the first figure does not look like a step back from the whole.
        key={percent === null ? "unknown" : "known"}
        className={cn(
          "block h-full rounded-full transition-[width] duration-500 ease-linear motion-reduce:transition-none",
          TONES[tone],
          percent === null && "animate-pulse opacity-40 motion-reduce:animate-none",
        )}
        style={{ width: fraction === null ? "100%" : `${fraction * 100}%` }}
      />
    </Radix.Root>
  );
}
