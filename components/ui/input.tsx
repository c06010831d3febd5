import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

const field = cn(
  "pba:w-full pba:rounded-lg pba:border pba:border-line-strong pba:bg-surface pba:px-3 pba:py-2 pba:text-base pba:text-ink pba:@md:text-sm",
  "pba:placeholder:text-muted pba:aria-invalid:border-bad pba:disabled:opacity-55",
  focusRing,
);

export function Input({ className, ...props }: ComponentProps<"input">) {
  return <input className={cn(field, "pba:min-h-10", className)} {...props} />;
}

export function Textarea({ className, ...props }: ComponentProps<"textarea">) {
  return <textarea className={cn(field, "pba:min-h-24 pba:font-mono", className)} {...props} />;
}
