import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { Loading } from "../ui/loading.tsx";
import { Skeleton } from "../ui/skeleton.tsx";
import { type ChosenBackup, isFaulty } from "./chosen-file-store.ts";
import { ContentsCard } from "./contents-card.tsx";

const loadRowBrowser = () => import("../local/row-browser.tsx");
const RowBrowser = lazy(loadRowBrowser);

interface LookInsideProps {
  backup: ChosenBackup;
  onLook: () => void;
}

/** The tables of an opened backup and their rows, folded unless the person came for them. */
export function LookInside({ backup, onLook }: LookInsideProps) {
  const { client, contents, report, upload } = backup;
  const [opened, setOpened] = useState<boolean | null>(null);
  const [browsed, setBrowsed] = useState<number | null>(null);
  const lastBrowsed = useRef<number | null>(null);
  useEffect(() => {
    // By the time that it is needed, the browser may be offline.
    loadRowBrowser().catch(() => undefined);
  }, []);
  if (!client || !contents) return null;
  const isOpen = opened ?? (upload === "on-request" || isFaulty(backup));
  const open = (isOpen: boolean) => {
    setOpened(isOpen);
    if (isOpen) onLook();
  };
  const table = browsed === null ? undefined : contents.tables[browsed];
  if (!table || browsed === null) {
    return (
      <ContentsCard
        {...{ backup, isOpen }}
        onOpen={open}
        onBrowse={(index) => {
          setBrowsed(index);
          open(true);
        }}
        focused={lastBrowsed.current}
      />
    );
  }
  return (
    <Suspense
      fallback={
        <Loading label="Reading the rows">
          <Skeleton className="pba:h-40" />
        </Loading>
      }
    >
      <RowBrowser
        key={browsed}
        client={client}
        table={table}
        index={browsed}
        canChoose={report.kind === "backup"}
        rows={backup.rows}
        onClose={() => {
          lastBrowsed.current = browsed;
          setBrowsed(null);
        }}
      />
    </Suspense>
  );
}
