import type { RowChanges } from "../../lib/shared/rehearsal.ts";
import { CHANGE_KINDS } from "./changed-table.ts";

const COLOURS = {
  added: "pba:bg-good",
  removed: "pba:bg-bad",
  changed: "pba:bg-warn",
  same: "pba:bg-line-strong/40",
};

/** Draws the shares of the rows that come back, are lost, change and stay the same. The figures stand beside it as text. */
export function ChangeBar({ changes }: { changes: RowChanges }) {
  return (
    <div
      aria-hidden
      className="pba:flex pba:h-1.5 pba:w-full pba:gap-px pba:overflow-hidden pba:rounded-full pba:bg-sunken pba:forced-colors:hidden"
    >
      {CHANGE_KINDS.filter((kind) => changes[kind] > 0).map((kind) => (
        <span
          key={kind}
          className={`pba:min-w-1 ${COLOURS[kind]}`}
          // Not the `style` attribute: a Content Security Policy without 'unsafe-inline' forbids it in HTML from the
          // server.
          ref={(part) => {
            part?.style.setProperty("flex", `${changes[kind]} 1 0`);
          }}
        />
      ))}
    </div>
  );
}
