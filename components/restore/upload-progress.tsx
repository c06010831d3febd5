import {
  formatBytes,
  formatPercent,
  formatRate,
  formatRemaining,
} from "../../lib/shared/format.ts";
import { ErrorNotice } from "../common/error-notice.tsx";
import { remainingMs } from "../rates.ts";
import { CircleCheck } from "../ui/icons.ts";
import { Notice } from "../ui/notice.tsx";
import { Progress } from "../ui/progress.tsx";
import type { UploadState } from "./upload.ts";
import type { RunningUpload } from "./use-upload.ts";

interface UploadProgressProps {
  upload: RunningUpload;
  /** Whether the server is about to check the upload. */
  isCreating: boolean;
}

export function UploadProgress({ upload: { state, resume }, isCreating }: UploadProgressProps) {
  const fraction = uploadedFraction(state);
  return (
    <div className="pba:grid pba:gap-3">
      <div className="pba:flex pba:flex-wrap pba:items-baseline pba:justify-between pba:gap-x-4">
        <p role="status" className="pba:flex pba:items-center pba:gap-2 pba:font-medium">
          {state.name === "uploaded" && (
            <CircleCheck aria-hidden className="pba:size-4 pba:text-good" />
          )}
          {isCreating ? "The check begins" : LABELS[state.name]}
        </p>
        <p className="pba:text-muted">{figuresOf(state, fraction)}</p>
      </div>
      <Progress
        label="Upload"
        fraction={fraction}
        tone={state.name === "uploaded" ? "good" : "accent"}
      />
      {state.name === "offline" && (
        <Notice tone="warn">
          <p>The upload goes on as soon as the connection is back.</p>
        </Notice>
      )}
      {state.name === "failed" && (
        <ErrorNotice error={state.error} title="The upload stopped." onRetry={resume}>
          <p>
            The server keeps the part that was sent for a while. The upload goes on where it
            stopped, even if you choose the same file again later.
          </p>
        </ErrorNotice>
      )}
    </div>
  );
}

export const uploadedFraction = ({ sentBytes, totalBytes }: UploadState): number =>
  totalBytes === 0 ? 1 : sentBytes / totalBytes;

const LABELS: Record<UploadState["name"], string> = {
  uploading: "Uploading",
  paused: "Paused",
  offline: "Waiting for the connection",
  failed: "Stopped",
  uploaded: "Uploaded",
};

function figuresOf(state: UploadState, fraction: number): string {
  const { sentBytes, totalBytes } = state;
  if (state.name === "uploaded") return formatBytes(totalBytes);
  const figures = [
    `${formatBytes(sentBytes)} of ${formatBytes(totalBytes)}`,
    formatPercent(fraction),
  ];
  if (state.name === "uploading" && state.bytesPerSecond !== null) {
    figures.push(formatRate(state.bytesPerSecond));
    const left = remainingMs(sentBytes, totalBytes, state.bytesPerSecond);
    if (left !== null) figures.push(`${formatRemaining(left)} left`);
  }
  return figures.join(" · ");
}
