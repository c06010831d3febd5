import { type ChangeEvent, type DragEvent, type ReactNode, useRef, useState } from "react";
import { formatBytes } from "../../lib/shared/format.ts";
import type { ChosenFiles } from "../local/chosen-files.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";
import { FileArchive } from "../ui/icons.ts";
import { readDrop, readFiles } from "./read-chosen.ts";

interface FileDropProps {
  /** The promise rejects if the browser cannot read what was chosen. */
  onChoose: (chosen: Promise<ChosenFiles>) => void;
  maxBytes: number | undefined;
  children: ReactNode;
}

export function FileDrop({ onChoose, maxBytes, children }: FileDropProps) {
  const filesInput = useRef<HTMLInputElement>(null);
  const folderInput = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    if (event.dataTransfer.types.includes("Files")) onChoose(readDrop(event.dataTransfer));
  };
  const choose = ({ target }: ChangeEvent<HTMLInputElement>) => {
    const files = [...(target.files ?? [])];
    // So that the same file can be chosen again.
    target.value = "";
    if (files.length > 0) onChoose(Promise.resolve(readFiles(files)));
  };
  return (
    <section
      aria-label="Choose a backup"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={(event) => {
        // This event also fires when the pointer moves onto a child.
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false);
      }}
      onDrop={drop}
      className={cn(
        "pba:grid pba:justify-items-center pba:gap-4 pba:rounded-xl pba:border-2 pba:border-dashed pba:border-line-strong/60 pba:bg-surface pba:px-4 pba:py-6 pba:@lg:py-10 pba:text-center pba:transition-colors pba:motion-reduce:transition-none",
        isOver && "pba:border-accent pba:bg-accent-soft",
      )}
    >
      <FileArchive
        aria-hidden
        className="pba:hidden pba:size-10 pba:stroke-[1.25] pba:text-muted pba:@lg:block"
      />
      <div>
        <p className="pba:text-base pba:font-medium">
          {isOver ? "Drop it to look into it" : "Drop a backup here"}
        </p>
        <p className="pba:mt-1 pba:text-muted">
          The .zip file that you downloaded, or a backup’s folder
          {maxBytes !== undefined && `, at most ${formatBytes(maxBytes)}`}
        </p>
      </div>
      <div className="pba:flex pba:flex-wrap pba:items-center pba:justify-center pba:gap-2">
        <Button variant="primary" onClick={() => filesInput.current?.click()}>
          Choose a file
        </Button>
        <Button variant="ghost" onClick={() => folderInput.current?.click()}>
          Choose a folder
        </Button>
      </div>
      {children}
      <input
        ref={filesInput}
        type="file"
        aria-label="Backup file"
        accept=".zip,application/zip,.json,application/json"
        multiple
        tabIndex={-1}
        className="pba:sr-only"
        onChange={choose}
      />
      <input
        ref={folderInput}
        type="file"
        aria-label="Backup folder"
        // React's types lack this attribute.
        {...{ webkitdirectory: "" }}
        tabIndex={-1}
        className="pba:sr-only"
        onChange={choose}
      />
    </section>
  );
}
