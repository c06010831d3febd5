import { useState } from "react";
import { tableFileName } from "../../lib/shared/archive-format.ts";
import { formatNoun } from "../../lib/shared/format.ts";
import { downloadBlob } from "../download.ts";
import type { LocalArchiveClient } from "../local/local-archive-client.ts";
import { Button } from "../ui/button.tsx";
import { Download } from "../ui/icons.ts";
import type { ChosenBackup, TableReading } from "./chosen-file-store.ts";

interface SaveWholeTablesProps {
  backup: ChosenBackup;
  readings: readonly TableReading[];
}

/** Offers the undamaged tables of a damaged backup, as one zip of CSV files. */
export function SaveWholeTables({ backup, readings }: SaveWholeTablesProps) {
  const { client, contents, archive } = backup;
  const [state, setState] = useState<number | "idle" | "failed">("idle");
  const whole = (contents?.tables ?? []).flatMap((table, index) =>
    readings[index]?.state === "done" ? [{ ...table, index }] : [],
  );
  if (!client || whole.length === 0) return null;
  const rows = whole.reduce((sum, table) => sum + (table.rows ?? 0), 0);
  const save = async () => {
    try {
      const zip = await zipOf(client, whole, setState);
      downloadBlob(zip, archive.file.name.replace(/(\.zip)?$/i, "-csv.zip"));
      setState("idle");
    } catch {
      setState("failed");
    }
  };
  return (
    <div className="pba:mt-2 pba:grid pba:justify-items-start pba:gap-2">
      <p>
        {formatNoun(whole.length, "other table")} with {formatNoun(rows, "row")}{" "}
        {whole.length === 1 ? "is" : "are"} undamaged. If you have no other copy, save{" "}
        {whole.length === 1 ? "it" : "them"} as CSV. Then you can import{" "}
        {whole.length === 1 ? "it" : "them"} by hand.
      </p>
      <Button
        size="small"
        aria-disabled={typeof state === "number"}
        onClick={() => typeof state !== "number" && void save()}
      >
        <Download aria-hidden />
        {typeof state === "number"
          ? `Saving ${state + 1} of ${formatNoun(whole.length, "table")}`
          : "Save the undamaged tables as CSV"}
      </Button>
      {state === "failed" && (
        <p role="alert">
          The browser stopped. It may have run out of memory. Save the tables one by one: show their
          rows below, then press “Save as CSV”.
        </p>
      )}
    </div>
  );
}

async function zipOf(
  client: LocalArchiveClient,
  tables: Array<{ index: number; schema: string; name: string }>,
  onTable: (position: number) => void,
): Promise<Blob> {
  const { default: JSZip } = await import("jszip");
  const zip = new JSZip();
  for (const [position, table] of tables.entries()) {
    onTable(position);
    const csv = await client.call("csv", { index: table.index, forSpreadsheet: false });
    zip.file(tableFileName(table, "csv"), csv.arrayBuffer());
  }
  return zip.generateAsync({ type: "blob", compression: "DEFLATE" });
}
