import { type ReactNode, useState } from "react";
import { cn } from "./cn.ts";
import { focusRing } from "./focus-ring.ts";
import { ChevronRight } from "./icons.ts";

interface DisclosureProps {
  summary: ReactNode;
  className?: string;
  children: () => ReactNode;
}

/** Content that is rendered only when it is opened, because it may be long. */
export function Disclosure({ summary, className, children }: DisclosureProps) {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <details
      className={className}
      onToggle={(event) => {
        // Toggle events of nested disclosures arrive here too.
        if (event.target === event.currentTarget) setIsOpen(event.currentTarget.open);
      }}
    >
      <summary
        className={cn(
          "pba:inline-flex pba:min-h-8 pba:cursor-pointer pba:items-center pba:gap-1.5 pba:rounded pba:text-accent-ink pba:select-none pba:[&::-webkit-details-marker]:hidden",
          focusRing,
        )}
      >
        <ChevronRight
          aria-hidden
          className={cn(
            "pba:size-4 pba:shrink-0 pba:transition-transform pba:motion-reduce:transition-none",
            isOpen && "pba:rotate-90",
          )}
        />
        {summary}
      </summary>
      {isOpen && children()}
    </details>
  );
}
