import * as RadioGroup from "@radix-ui/react-radio-group";
import { type ReactNode, useId } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

interface RadioCardsProps<Value extends string> {
  label: string;
  value: Value;
  onChange: (value: Value) => void;
  options: Array<{ value: Value; title: string; description: ReactNode; badge?: ReactNode }>;
  className?: string;
}

/** A choice of few where each needs a sentence. */
export function RadioCards<Value extends string>(props: RadioCardsProps<Value>) {
  const id = useId();
  return (
    <RadioGroup.Root
      aria-label={props.label}
      value={props.value}
      onValueChange={(value) => props.onChange(value as Value)}
      className={cn("grid gap-3", props.className)}
    >
      {props.options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          aria-labelledby={`${id}-${option.value}`}
          aria-describedby={`${id}-${option.value}-description`}
          className={cn(
            "group flex cursor-pointer items-start gap-3 rounded-lg border border-pba-line bg-pba-surface p-4 text-left text-sm",
            "transition-colors hover:border-pba-line-strong motion-reduce:transition-none",
            "data-[state=checked]:border-pba-accent data-[state=checked]:bg-pba-accent-soft",
            focusRing,
          )}
        >
          <span
            aria-hidden
            className="mt-0.5 flex size-4 shrink-0 items-center justify-center rounded-full border border-pba-line-strong bg-pba-surface group-data-[state=checked]:border-pba-accent"
          >
            <RadioGroup.Indicator className="size-2 rounded-full bg-pba-accent" />
          </span>
          <span className="min-w-0">
            <span className="flex flex-wrap items-center gap-2 font-medium">
              <span id={`${id}-${option.value}`}>{option.title}</span>
              {option.badge}
            </span>
            <span id={`${id}-${option.value}-description`} className="mt-1 block text-pba-muted">
              {option.description}
            </span>
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
