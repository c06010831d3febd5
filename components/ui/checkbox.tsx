import * as Radix from "@radix-ui/react-checkbox";
import type { ComponentProps } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";
import { Check, Minus } from "./icons.ts";

export function Checkbox({ className, ...props }: ComponentProps<typeof Radix.Root>) {
  return (
    <Radix.Root
      className={cn(
        "pba:group pba:flex pba:size-5 pba:shrink-0 pba:cursor-pointer pba:items-center pba:justify-center pba:rounded-md pba:border pba:border-line-strong pba:bg-surface pba:text-on-accent",
        "pba:data-[state=checked]:border-accent pba:data-[state=checked]:bg-accent",
        "pba:data-[state=indeterminate]:border-accent pba:data-[state=indeterminate]:bg-accent",
        focusRing,
        className,
      )}
      {...props}
    >
      <Radix.Indicator>
        <Check className="pba:hidden pba:size-4 pba:group-data-[state=checked]:block pba:stroke-3" />
        <Minus className="pba:hidden pba:size-4 pba:group-data-[state=indeterminate]:block pba:stroke-3" />
      </Radix.Indicator>
    </Radix.Root>
  );
}
