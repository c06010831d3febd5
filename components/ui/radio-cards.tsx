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

/** A choice between a few options that each need a sentence. */
export function RadioCards<Value extends string>(props: RadioCardsProps<Value>) {
  const id = useId();
  return (
    <RadioGroup.Root
      aria-label={props.label}
      value={props.value}
      onValueChange={(value) => props.onChange(value as Value)}
      className={cn("pba:grid pba:gap-3", props.className)}
    >
      {props.options.map((option) => (
        <RadioGroup.Item
          key={option.value}
          value={option.value}
          aria-labelledby={`${id}-${option.value}`}
          aria-describedby={`${id}-${option.value}-description`}
          className={cn(
            "pba:group pba:flex pba:cursor-pointer pba:items-start pba:gap-3 pba:rounded-lg pba:border pba:border-line pba:bg-surface pba:p-4 pba:text-left pba:text-sm",
            "pba:transition-colors pba:hover:border-line-strong pba:motion-reduce:transition-none",
            "pba:data-[state=checked]:border-accent pba:data-[state=checked]:bg-accent-soft",
            focusRing,
          )}
        >
          <span
            aria-hidden
            className="pba:mt-0.5 pba:flex pba:size-4 pba:shrink-0 pba:items-center pba:justify-center pba:rounded-full pba:border pba:border-line-strong pba:bg-surface pba:group-data-[state=checked]:border-accent"
          >
            <RadioGroup.Indicator className="pba:size-2 pba:rounded-full pba:bg-accent pba:forced-colors:bg-[Highlight]" />
          </span>
          <span className="pba:min-w-0">
            <span className="pba:flex pba:flex-wrap pba:items-center pba:gap-2 pba:font-medium">
              <span id={`${id}-${option.value}`}>{option.title}</span>
              {option.badge}
            </span>
            <span
              id={`${id}-${option.value}-description`}
              className="pba:mt-1 pba:block pba:text-muted"
            >
              {option.description}
            </span>
          </span>
        </RadioGroup.Item>
      ))}
    </RadioGroup.Root>
  );
}
