import type { ReactNode } from "react";
import { cn } from "../ui/cn.ts";

export interface Fact {
  label: string;
  value: ReactNode;
}

/** Names and values, side by side if there is room. */
export function Facts({ facts, className }: { facts: Fact[]; className?: string }) {
  return (
    <dl
      className={cn(
        "pba:grid pba:grid-cols-[repeat(auto-fill,minmax(8.5rem,1fr))] pba:gap-x-6 pba:gap-y-4",
        className,
      )}
    >
      {facts.map(({ label, value }) => (
        <div key={label} className="pba:min-w-0">
          <dt className="pba:text-xs pba:text-muted">{label}</dt>
          <dd className="pba:mt-0.5 pba:font-medium pba:wrap-anywhere">{value}</dd>
        </div>
      ))}
    </dl>
  );
}
