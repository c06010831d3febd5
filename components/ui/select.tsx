import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";
import { ChevronDown } from "./icons.ts";

/** The browser's native select, which phones and screen readers handle well. */
export function Select({ className, ...props }: ComponentProps<"select">) {
  return (
    <span className={cn("pba:relative pba:inline-grid", className)}>
      <select
        className={cn(
          "pba:min-h-10 pba:w-full pba:cursor-pointer pba:appearance-none pba:rounded-lg pba:border pba:border-line-strong pba:bg-surface pba:py-2 pba:pr-9 pba:pl-3 pba:text-base pba:text-ink pba:@md:text-sm",
          focusRing,
        )}
        {...props}
      />
      <ChevronDown
        aria-hidden
        className="pba:pointer-events-none pba:absolute pba:top-1/2 pba:right-3 pba:size-4 pba:-translate-y-1/2 pba:text-muted"
      />
    </span>
  );
}
