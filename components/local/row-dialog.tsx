import { useEffect, useId, useRef, useState } from "react";
import { formatCount } from "../../lib/shared/format.ts";
import { CopyButton } from "../common/copy-button.tsx";
import { Button } from "../ui/button.tsx";
import { X } from "../ui/icons.ts";
import { Spinner } from "../ui/spinner.tsx";
import type { LocalArchiveClient } from "./local-archive-client.ts";

/** Longer text is not shown, but can be copied. */
const SHOWN_CHARACTERS = 200_000;

interface RowDialogProps {
  client: LocalArchiveClient;
  /** Position of the row in its table, from 1. */
  place: number;
  tableName: string;
  onClose: () => void;
}

/** Shows one row as it is in the archive. */
export function RowDialog({ client, place, tableName, onClose }: RowDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  const title = useId();
  const [json, setJson] = useState<string | null>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  useEffect(() => {
    client.call("row", { place }).then(setJson, () => setJson("The row cannot be read."));
  }, [client, place]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby={title}
      onClose={onClose}
      className="pba:fixed pba:inset-y-0 pba:right-0 pba:left-auto pba:m-0 pba:h-dvh pba:max-h-none pba:w-full pba:max-w-xl pba:border-l pba:border-line pba:bg-surface pba:p-0 pba:text-sm pba:text-ink pba:backdrop:bg-[oklch(0_0_0/0.4)]"
    >
      <div className="pba:grid pba:h-full pba:grid-rows-[auto_minmax(0,1fr)] pba:gap-4 pba:p-5">
        <header className="pba:flex pba:flex-wrap pba:items-center pba:justify-between pba:gap-3">
          <h2 id={title} className="pba:min-w-0 pba:font-semibold pba:wrap-anywhere">
            Row {formatCount(place)} of {tableName}
          </h2>
          <div className="pba:flex pba:items-center pba:gap-2">
            {json !== null && <CopyButton text={json} label="Copy JSON" />}
            <Button
              variant="ghost"
              size="icon"
              aria-label="Close"
              onClick={() => dialog.current?.close()}
            >
              <X aria-hidden />
            </Button>
          </div>
        </header>
        {json === null ? (
          <p role="status" className="pba:flex pba:items-center pba:gap-3">
            <Spinner />
            Reading the row
          </p>
        ) : (
          <section
            aria-label="The row as JSON"
            // biome-ignore lint/a11y/noNoninteractiveTabindex: who has no mouse scrolls it by the keys
            tabIndex={0}
            className="pba:overflow-auto pba:rounded-lg pba:border pba:border-line pba:bg-sunken pba:p-4"
          >
            <pre className="pba:font-mono pba:text-xs pba:whitespace-pre-wrap pba:wrap-anywhere">
              {json.slice(0, SHOWN_CHARACTERS)}
            </pre>
            {json.length > SHOWN_CHARACTERS && (
              <p className="pba:mt-3 pba:text-muted">
                Only the first {formatCount(SHOWN_CHARACTERS)} characters are shown. “Copy JSON”
                copies all {formatCount(json.length)}.
              </p>
            )}
          </section>
        )}
      </div>
    </dialog>
  );
}
