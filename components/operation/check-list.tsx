import { CircleCheck, CircleX, TriangleAlert } from "lucide-react";
import type { Check } from "../../lib/shared/api.ts";

const STATES = {
  passed: { icon: CircleCheck, label: "Passed", className: "text-pba-good" },
  failed: { icon: CircleX, label: "Failed", className: "text-pba-bad" },
  warning: { icon: TriangleAlert, label: "Warning", className: "text-pba-warn" },
};

export function CheckList({ checks }: { checks: Check[] }) {
  return (
    <ul aria-label="Checks" className="grid gap-2.5">
      {checks.map((check) => {
        const { icon: Icon, label, className } = STATES[check.state];
        return (
          <li key={check.name} className="flex items-start gap-3">
            <Icon aria-hidden className={`mt-0.5 size-4 shrink-0 ${className}`} />
            <p>
              <span className="sr-only">{label}: </span>
              {check.message}
            </p>
          </li>
        );
      })}
    </ul>
  );
}
