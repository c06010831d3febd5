import { CopyButton } from "../common/copy-button.tsx";
import { shortDigest } from "./receipt-wording.ts";

/** A SHA-256 checksum: shortened on the screen, where it can be copied in full, and in full on paper. */
export function Digest({ sha256, of }: { sha256: string; of: string }) {
  return (
    <span className="pba:inline-flex pba:items-center pba:gap-1 pba:font-mono pba:text-xs pba:text-muted">
      <span className="pba:print:hidden">
        <span className="pba:sr-only">sha256 </span>
        {shortDigest(sha256)}
      </span>
      <span className="pba:hidden pba:break-all pba:print:inline">{sha256}</span>
      <CopyButton
        text={sha256}
        label={`Copy the sha256 of ${of}`}
        isIcon
        className="pba:size-7 pba:min-h-0 pba:p-0 pba:print:hidden pba:[&_svg]:size-3.5"
      />
    </span>
  );
}
