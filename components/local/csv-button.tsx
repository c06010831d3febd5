import { useEffect, useRef, useState } from "react";
import { formatBytes } from "../../lib/shared/format.ts";
import { downloadBlob } from "../download.ts";
import { Button } from "../ui/button.tsx";
import { CheckField } from "../ui/check-field.tsx";
import { Download } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { isCancelled, type LocalArchiveClient } from "./local-archive-client.ts";

interface CsvButtonProps {
  client: LocalArchiveClient;
  /** The table's index in the archive. */
  index: number;
  fileName: string;
}

/** Saves a whole table as CSV, made in the browser. */
export function CsvButton({ client, index, fileName }: CsvButtonProps) {
  const [forSpreadsheet, setForSpreadsheet] = useState(false);
  const [bytes, setBytes] = useState<number | null>(null);
  const [hasFailed, setHasFailed] = useState(false);
  const running = useRef<AbortController>(null);
  useEffect(() => () => running.current?.abort(), []);
  const save = async () => {
    const controller = new AbortController();
    running.current = controller;
    setBytes(0);
    setHasFailed(false);
    try {
      const blob = await client.call(
        "csv",
        { index, forSpreadsheet },
        {
          signal: controller.signal,
          onProgress: (progress) => {
            if (progress.type === "bytes") setBytes(progress.bytes);
          },
        },
      );
      downloadBlob(blob, fileName);
    } catch (error) {
      if (!isCancelled(error)) setHasFailed(true);
    }
    setBytes(null);
  };
  return (
    <div className="pba:flex pba:flex-wrap pba:items-center pba:gap-x-5 pba:gap-y-2">
      <CheckField label="For a spreadsheet" checked={forSpreadsheet} onChange={setForSpreadsheet} />
      {bytes === null ? (
        <Button size="small" onClick={save}>
          <Download aria-hidden />
          Save as CSV
        </Button>
      ) : (
        <Button size="small" onClick={() => running.current?.abort()}>
          Cancel, {formatBytes(bytes)} read
        </Button>
      )}
      {forSpreadsheet && <p className="pba:basis-full pba:text-muted">{SPREADSHEET_HINT}</p>}
      {hasFailed && (
        <Notice tone="bad" role="alert" className="pba:basis-full">
          <p>The table could not be read completely. Nothing was saved.</p>
        </Notice>
      )}
    </div>
  );
}

const SPREADSHEET_HINT =
  "Texts that a spreadsheet might run as a formula get an apostrophe in front. So they differ from the table's own texts.";
