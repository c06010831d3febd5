import { useEffect, useReducer, useRef, useState } from "react";
import { unreachable } from "../api.ts";
import type { UploadHandle, UploadState } from "./upload.ts";

export interface RunningUpload extends Omit<UploadHandle, "leave"> {
  state: UploadState;
}

/** Loaded when needed: it contains tus-js-client, a tenth of the panel. */
export const loadUpload = () => import("./upload.ts");

const nothingSent = (file: File | null) => ({ sentBytes: 0, totalBytes: file?.size ?? 0 });

/** Uploads a file while the component is mounted. @param file null: nothing is uploaded now */
export function useUpload(file: File | null, endpoint: string): RunningUpload {
  /** Of the file that it belongs to. */
  const [shown, setShown] = useState<{ file: File; state: UploadState } | null>(null);
  const handle = useRef<UploadHandle>(null);
  const [attempt, tryAgain] = useReducer((count: number) => count + 1, 0);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another attempt begins anew
  useEffect(() => {
    if (!file) return;
    let isLeft = false;
    const setState = (state: UploadState) => setShown({ file, state });
    setState(begun(file));
    loadUpload().then(
      ({ startUpload }) => {
        if (!isLeft) handle.current = startUpload(file, endpoint, setState);
      },
      (error) => {
        if (isLeft) return;
        setState({ name: "failed", error: unreachable(error), ...nothingSent(file) });
      },
    );
    return () => {
      isLeft = true;
      handle.current?.leave();
      handle.current = null;
    };
  }, [file, endpoint, attempt]);
  return {
    state: shown && shown.file === file ? shown.state : begun(file),
    pause: () => handle.current?.pause(),
    resume: () => (handle.current ? handle.current.resume() : tryAgain()),
    cancel: () => handle.current?.cancel(),
    forget: () => handle.current?.forget(),
  };
}

const begun = (file: File | null): UploadState => ({
  name: "uploading",
  bytesPerSecond: null,
  ...nothingSent(file),
});
