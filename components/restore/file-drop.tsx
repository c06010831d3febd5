import { FileArchive } from "lucide-react";
import { type DragEvent, useRef, useState } from "react";
import { formatBytes } from "../../lib/shared/format.ts";
import { Button } from "../ui/button.tsx";
import { cn } from "../ui/cn.ts";

interface FileDropProps {
  onChoose: (file: File) => void;
  maxBytes: number | undefined;
}

export function FileDrop({ onChoose, maxBytes }: FileDropProps) {
  const input = useRef<HTMLInputElement>(null);
  const [isOver, setIsOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setIsOver(false);
    const file = event.dataTransfer.files.item(0);
    if (file) onChoose(file);
  };
  return (
    <section
      aria-label="Choose a backup"
      onDragOver={(event) => {
        event.preventDefault();
        setIsOver(true);
      }}
      onDragLeave={(event) => {
        // Moving over a child leaves the parent, too.
        if (!event.currentTarget.contains(event.relatedTarget as Node | null)) setIsOver(false);
      }}
      onDrop={drop}
      className={cn(
        "grid justify-items-center gap-4 rounded-xl border-2 border-dashed border-pba-line-strong/60 bg-pba-surface px-4 py-14 text-center transition-colors motion-reduce:transition-none",
        isOver && "border-pba-accent bg-pba-accent-soft",
      )}
    >
      <FileArchive aria-hidden className="size-10 text-pba-muted" strokeWidth={1.25} />
      <div>
        <p className="text-base font-medium">
          {isOver ? "Let go to look into it" : "Drop a backup here"}
        </p>
        <p className="mt-1 text-pba-muted">
          A .zip file as it was downloaded
          {maxBytes !== undefined && `, at most ${formatBytes(maxBytes)}`}
        </p>
      </div>
      <Button variant="primary" onClick={() => input.current?.click()}>
        Choose a file
      </Button>
      <input
        ref={input}
        type="file"
        aria-label="Backup file"
        accept=".zip,application/zip"
        tabIndex={-1}
        className="sr-only"
        onChange={(event) => {
          const file = event.target.files?.item(0);
          if (file) onChoose(file);
        }}
      />
    </section>
  );
}
