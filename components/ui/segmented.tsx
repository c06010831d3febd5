import * as RadioGroup from "@radix-ui/react-radio-group";
import type { ReactNode } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

interface SegmentedProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: ReadonlyArray<{ value: Value; label: string; icon: ReactNode }>;
}

/** A choice between a few options of one word each. */
export function Segmented<Value extends string>(props: SegmentedProps<Value>) {
  return (
    <RadioGroup.Root
      aria-label={props.label}
      orientation="horizontal"
      value={props.value}
      onValueChange={(value) => props.onChange(value as Value)}
      className="pba:inline-flex pba:shrink-0 pba:gap-0.5 pba:rounded-lg pba:border pba:border-line-strong pba:p-0.5"
    >
      {props.options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          className={cn(
            "pba:inline-flex pba:min-h-8.5 pba:cursor-pointer pba:items-center pba:gap-1.5 pba:rounded-md pba:px-3 pba:text-sm pba:font-medium pba:text-muted pba:select-none",
            "pba:transition-colors pba:hover:text-ink pba:motion-reduce:transition-none",
            "pba:data-[state=checked]:bg-accent-soft pba:data-[state=checked]:text-accent-ink",
            "pba:forced-color-adjust-none pba:forced-colors:text-[CanvasText] pba:forced-colors:data-[state=checked]:bg-[Highlight] pba:forced-colors:data-[state=checked]:text-[HighlightText]",
            "pba:[&_svg]:size-4",
            focusRing,
          )}
        >
          {option.icon}
          {option.label}
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
