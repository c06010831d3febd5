import { formatBytes } from "../../lib/shared/format.ts";
import { LOOK_INSIDE_MAX_BYTES } from "../local/not-a-backup.ts";
import { Notice } from "../ui/notice.tsx";
import type { Recognised } from "./chosen-file-store.ts";

/** Says why the browser cannot look into a backup, and what happens instead. */
export function CannotLookInside({ report, sizeBytes }: { report: Recognised; sizeBytes: number }) {
  return (
    <Notice title="You cannot look into it here.">
      <p>{reasonOf(report, sizeBytes)}</p>
      <p>The server checks every byte of it after the upload instead.</p>
    </Notice>
  );
}

function reasonOf(report: Recognised, sizeBytes: number): string {
  switch (report.kind) {
    case "large-zip":
      if (sizeBytes <= LOOK_INSIDE_MAX_BYTES) {
        return "Your browser has too little memory for it. Only its beginning and its end were read.";
      }
      return `It is too large for the browser, which can open at most ${formatBytes(LOOK_INSIDE_MAX_BYTES)}. Only its beginning and its end were read.`;
    case "original":
      if (report.isEncrypted) {
        return "Only the server can open encrypted files of @vorlefan/prisma-backup.";
      }
      return NO_WORKER;
    case "backup":
      return NO_WORKER;
    default:
      throw report satisfies never;
  }
}

const NO_WORKER =
  "The page could not start the worker that opens backups. Your browser or this app's Content Security Policy does not allow it.";
