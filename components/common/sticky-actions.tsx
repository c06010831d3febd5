import type { ReactNode } from "react";

/**
 * The buttons of a page, in sight without scrolling. It must be a child of the frame, or of a form with `contents`: in a
 * grid or a card it would not leave its own place. It takes at most half of the window, for a phone on its side.
 */
export function StickyActions({ note, children }: { note?: ReactNode; children: ReactNode }) {
  return (
    <div
      data-sticky-actions
      className="pba:sticky pba:bottom-0 pba:z-10 pba:-mx-4 pba:flex pba:max-h-[50vh] pba:overflow-y-auto pba:flex-wrap pba:items-center pba:gap-x-4 pba:gap-y-2 pba:border-t pba:border-line pba:bg-canvas pba:px-4 pba:py-3 pba:@2xl:-mx-8 pba:@2xl:px-8 pba:print:hidden"
    >
      <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-2">{children}</div>
      {note && <div className="pba:min-w-0 pba:text-muted">{note}</div>}
    </div>
  );
}
