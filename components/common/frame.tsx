import type { ReactNode } from "react";

/** The panel's own ground: its colours, its measure. Sizes follow this box, not the window. */
export function Frame({ children }: { children: ReactNode }) {
  return (
    <section aria-label="Database backup" className="pba @container text-sm leading-relaxed">
      <div className="mx-auto grid max-w-6xl grid-cols-[minmax(0,1fr)] gap-6 px-4 py-6 tabular-nums @2xl:px-8 @2xl:py-10">
        {children}
      </div>
    </section>
  );
}
