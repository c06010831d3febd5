import { type ReactNode, useId } from "react";
import { Checkbox } from "./checkbox.tsx";

interface CheckFieldProps {
  label: ReactNode;
  /** Says what the option does, or what is lost without it. */
  hint?: ReactNode;
  checked: boolean;
  onChange: (checked: boolean) => void;
  disabled?: boolean;
}

/** A checkbox with an explanation. */
export function CheckField({ label, hint, checked, onChange, disabled }: CheckFieldProps) {
  const id = useId();
  return (
    <div className="pba:flex pba:items-start pba:gap-3">
      <Checkbox
        id={id}
        checked={checked}
        disabled={disabled}
        onCheckedChange={(value) => onChange(value === true)}
        aria-describedby={hint ? `${id}-hint` : undefined}
        className="pba:mt-0.5"
      />
      <div className="pba:min-w-0 pba:grow">
        <label htmlFor={id} className="pba:cursor-pointer pba:font-medium">
          {label}
        </label>
        {hint && (
          <div id={`${id}-hint`} className="pba:mt-0.5 pba:text-muted">
            {hint}
          </div>
        )}
      </div>
    </div>
  );
}
