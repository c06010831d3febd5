import { formatBytes } from "../../lib/shared/format.ts";
import { LOOK_INSIDE_MAX_BYTES } from "../local/not-a-backup.ts";
import { Notice } from "../ui/notice.tsx";
import type { Recognised } from "./chosen-file-store.ts";

/** Says why the browser cannot look into a backup, and what happens instead. */
export function CannotLookInside({ report, sizeBytes }: { report: Recognised; sizeBytes: number }) {
  return (
    <Notice title="It cannot be looked into here.">
      <p>{reasonOf(report, sizeBytes)}</p>
      <p>
        It is checked after the upload instead, byte for byte, and what comes of it is said in the
        same words.
      </p>
    </Notice>
  );
}

function reasonOf(report: Recognised, sizeBytes: number): string {
  switch (report.kind) {
    case "large-zip":
      if (sizeBytes <= LOOK_INSIDE_MAX_BYTES) {
        return "This browser has too little memory for it. Only its beginning and its end were looked at.";
      }
      return `It is too large to be opened in the browser, which takes at most ${formatBytes(LOOK_INSIDE_MAX_BYTES)}. Only its beginning and its end were looked at.`;
    case "original":
      if (report.isEncrypted) {
        return "What @vorlefan/prisma-backup encrypted can only be opened on the server.";
      }
      return NO_WORKER;
    case "backup":
      return NO_WORKER;
    default:
      throw report satisfies never;
  }
}

const NO_WORKER =
  "This browser, or this app's Content Security Policy, does not let the page start the worker that would open it.";
