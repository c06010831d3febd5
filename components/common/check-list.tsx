import type { Check } from "../../lib/shared/api.ts";
import { CircleCheck, CircleX, TriangleAlert } from "../ui/icons.ts";

const STATES = {
  passed: { icon: CircleCheck, label: "Passed", className: "pba:text-good" },
  failed: { icon: CircleX, label: "Failed", className: "pba:text-bad" },
  warning: { icon: TriangleAlert, label: "Warning", className: "pba:text-warn" },
};

export function CheckList({ label = "Checks", checks }: { label?: string; checks: Check[] }) {
  return (
    <ul aria-label={label} className="pba:grid pba:gap-2.5">
      {checks.map((check) => {
        const { icon: Icon, label, className } = STATES[check.state];
        return (
          <li key={check.name} className="pba:flex pba:items-start pba:gap-3">
            <Icon aria-hidden className={`pba:mt-0.5 pba:size-4 pba:shrink-0 ${className}`} />
            <p>
              <span className="pba:sr-only">{label}: </span>
              {check.message}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
