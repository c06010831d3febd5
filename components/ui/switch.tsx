import type { ReactNode } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";

interface SwitchProps {
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  disabled?: boolean;
  "aria-describedby"?: string;
  children: ReactNode;
}

/** A switch takes effect at once. Use a checkbox for values that are submitted later. */
export function Switch({ isOn, onChange, children, ...props }: SwitchProps) {
  return (
    <button
      type="button"
      role="switch"
      aria-checked={isOn}
      onClick={() => onChange(!isOn)}
      className={cn(
        "pba:group pba:inline-flex pba:min-h-8 pba:cursor-pointer pba:items-center pba:gap-2.5 pba:rounded-lg pba:text-left pba:text-sm",
        "pba:disabled:cursor-not-allowed pba:disabled:opacity-55",
        focusRing,
      )}
      {...props}
    >
      <span
        aria-hidden
        className={cn(
          "pba:flex pba:h-5 pba:w-9 pba:shrink-0 pba:items-center pba:rounded-full pba:border pba:border-line-strong pba:bg-sunken pba:px-0.5",
          "pba:transition-colors pba:motion-reduce:transition-none",
          "pba:group-aria-checked:border-accent pba:group-aria-checked:bg-accent pba:forced-colors:group-aria-checked:bg-[Highlight]",
        )}
      >
        <span className="pba:size-3.5 pba:rounded-full pba:bg-line-strong pba:transition-transform pba:group-aria-checked:translate-x-4 pba:group-aria-checked:bg-on-accent pba:motion-reduce:transition-none pba:forced-colors:bg-[CanvasText]" />
      </span>
      {children}
    </button>
  );
}
