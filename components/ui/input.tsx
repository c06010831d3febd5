import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

const field = cn(
  "w-full rounded-lg border border-pba-line-strong bg-pba-surface px-3 py-2 text-base text-pba-ink @md:text-sm",
  "placeholder:text-pba-muted aria-invalid:border-pba-bad disabled:opacity-55",
  focusRing,
);

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(field, "min-h-10", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(field, "min-h-24 font-mono", className)} {...props} />;
}
