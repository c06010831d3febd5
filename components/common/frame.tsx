import type { ReactNode } from "react";

/**
 * The panel's root element, with its colours and width. Sizes depend on this box, not on the window. The outer box
 * belongs to the host's layout. Inside the second box the host's styles have no effect (components/styles.css). The
 * innermost is no grid, because StickyActions could not stick in one.
 */
export function Frame({ children }: { children: ReactNode }) {
  return (
    <section aria-label="Database backup" className="pba">
      <div className="pba-ground">
        <div className="pba:mx-auto pba:flex pba:max-w-6xl pba:flex-col pba:gap-6 pba:px-4 pba:py-6 pba:text-sm pba:leading-relaxed pba:tabular-nums pba:@2xl:px-8 pba:@2xl:py-10 pba:print:max-w-none pba:print:p-0">
          {children}
        </div>
      </div>
    </section>
  );
}
