import * as Radix from "@radix-ui/react-checkbox";
import { Check, Minus } from "lucide-react";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

export function Checkbox({ className, ...props }: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      className={cn(
        "group flex size-5 shrink-0 cursor-pointer items-center justify-center rounded-md border border-pba-line-strong bg-pba-surface text-pba-on-accent",
        "data-[state=checked]:border-pba-accent data-[state=checked]:bg-pba-accent",
        "data-[state=indeterminate]:border-pba-accent data-[state=indeterminate]:bg-pba-accent",
        focusRing,
        className,
      )}
      {...props}
    >
      <Radix.Indicator>
        <Check className="hidden size-4 group-data-[state=checked]:block" strokeWidth={3} />
        <Minus className="hidden size-4 group-data-[state=indeterminate]:block" strokeWidth={3} />
      </Radix.Indicator>
    </Radix.Root>
  );
}
