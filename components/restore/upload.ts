import { DetailedError, defaultOptions, Upload } from "tus-js-client";
import { UPLOAD_CHUNK_BYTES } from "../../lib/shared/limits.ts";
import { ApiError, errorFromResponse, unreachable } from "../api.ts";

export type UploadState = { sentBytes: number; totalBytes: number } & (
  | { name: "uploading"; bytesPerSecond: number | null }
  | { name: "paused" }
  /** Resumes by itself when the browser is online again. */
  | { name: "offline" }
  | { name: "failed"; error: ApiError }
  | { name: "uploaded"; uploadId: string }
);

export interface UploadHandle {
  pause: () => void;
  resume: () => void;
  /** Stops, and the server deletes what it has received. */
  cancel: () => void;
  /** Stops without telling the server, which keeps what it has received, so that the upload can be resumed later. */
  leave: () => void;
  /** Forgets the data for resuming, because the upload is no longer needed. */
  forget: () => void;
}

const RETRY_DELAYS_MS = [0, 1_000, 3_000, 5_000, 10_000, 20_000];

/**
 * Uploads a file in chunks with the tus protocol. Continues an earlier upload of the same file, also after a reload.
 */
export function startUpload(
  file: File,
  endpoint: string,
  onState: (state: UploadState) => void,
): UploadHandle {
  const totalBytes = file.size;
  let sentBytes = 0;
  let begun: { atMs: number; sentBytes: number } | null = null;
  let isLeft = false;
  const listening = new AbortController();

  type Change = UploadState extends infer State
    ? State extends UploadState
      ? Omit<State, "sentBytes" | "totalBytes">
      : never
    : never;
  const set = (change: Change) => {
    if (!isLeft) onState({ ...change, sentBytes, totalBytes } as UploadState);
  };

  const upload = new Upload(file, {
    endpoint,
    chunkSize: UPLOAD_CHUNK_BYTES,
    retryDelays: RETRY_DELAYS_MS,
    metadata: { filename: file.name, filetype: "application/zip" },
    onAfterResponse: (_request, response) => {
      // If the person is signed out, tus-js-client would assume that the upload is gone and start a new one.
      const status = response.getStatus();
      if (status === 401 || status === 403) throw errorFromResponse(status, response.getBody());
    },
    onShouldRetry: (error) => navigator.onLine && isTemporary(error),
    onProgress: (sent) => {
      sentBytes = sent;
      begun ??= { atMs: performance.now(), sentBytes };
      const seconds = (performance.now() - begun.atMs) / 1000;
      const isKnown = seconds > 1 && sentBytes > begun.sentBytes;
      set({
        name: "uploading",
        bytesPerSecond: isKnown ? (sentBytes - begun.sentBytes) / seconds : null,
      });
    },
    onSuccess: () => {
      sentBytes = totalBytes;
      set({ name: "uploaded", uploadId: uploadIdOf(upload) });
    },
    onError: (error) => {
      if (navigator.onLine) return set({ name: "failed", error: toApiError(error) });
      set({ name: "offline" });
      window.addEventListener("online", resume, { once: true, signal: listening.signal });
    },
  });

  const resume = () => {
    begun = null;
    set({ name: "uploading", bytesPerSecond: null });
    upload.start();
  };
  const leave = () => {
    isLeft = true;
    listening.abort();
    // Without `true` it only stops sending, which cannot fail.
    void upload.abort();
  };

  void upload.findPreviousUploads().then((previous) => {
    if (isLeft) return;
    const latest = previous.toSorted((a, b) => createdAtMs(b) - createdAtMs(a))[0];
    if (latest) upload.resumeFromPreviousUpload(latest);
    resume();
  });

  const forget = async () => {
    for (const { urlStorageKey } of await upload.findPreviousUploads()) {
      await defaultOptions.urlStorage.removeUpload(urlStorageKey);
    }
  };
  return {
    resume,
    leave,
    pause: () => {
      void upload.abort();
      set({ name: "paused" });
    },
    cancel: () => {
      isLeft = true;
      listening.abort();
      // If the server cannot delete the upload now, it does so later, by age.
      upload.abort(true).catch(() => undefined);
      void forget();
    },
    forget: () => void forget(),
  };
}

const createdAtMs = ({ creationTime }: { creationTime: string }) => Date.parse(creationTime);

/** An upload's address ends with its id. */
const uploadIdOf = ({ url }: Upload): string =>
  decodeURIComponent(url?.replace(/\/+$/, "").split("/").at(-1) ?? "");

function isTemporary(error: DetailedError): boolean {
  if (error.causingError instanceof ApiError) return false;
  const status = error.originalResponse?.getStatus() ?? 0;
  // 409 and 423: another request for this upload is still running.
  return status < 400 || status > 499 || status === 409 || status === 423;
}

function toApiError(error: Error): ApiError {
  if (!(error instanceof DetailedError)) return unreachable(error);
  if (error.causingError instanceof ApiError) return error.causingError;
  const response = error.originalResponse;
  return response
    ? errorFromResponse(response.getStatus(), response.getBody())
    : unreachable(error);
}
