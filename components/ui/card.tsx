import { type ComponentProps, type ReactNode, useId } from "react";
import { cn } from "./cn.ts";

interface CardProps extends Omit<ComponentProps<"section">, "title"> {
  title?: ReactNode;
  description?: ReactNode;
  /** Shown beside the title. */
  actions?: ReactNode;
}

/** A section of a page with its own heading. */
export function Card({ title, description, actions, className, children, ...props }: CardProps) {
  const id = useId();
  return (
    <section
      aria-labelledby={title ? id : undefined}
      className={cn(
        "pba:rounded-xl pba:border pba:border-line pba:bg-surface pba:p-4 pba:@xl:p-6",
        className,
      )}
      {...props}
    >
      {title && (
        <header className="pba:not-last:mb-4 pba:flex pba:flex-wrap pba:items-start pba:justify-between pba:gap-x-4 pba:gap-y-3">
          <div className="pba:min-w-0 pba:grow pba:basis-60">
            <h2 id={id} className="pba:text-base pba:font-semibold">
              {title}
            </h2>
            {description && <p className="pba:mt-1 pba:text-sm pba:text-muted">{description}</p>}
          </div>
          {actions}
        </header>
      )}
      {children}
    </section>
  );
}
