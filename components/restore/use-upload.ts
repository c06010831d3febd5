import { useEffect, useRef, useState } from "react";
import { startUpload, type UploadHandle, type UploadState } from "./upload.ts";

export interface RunningUpload extends Omit<UploadHandle, "leave"> {
  state: UploadState;
}

/** Uploads a file while the component is mounted. */
export function useUpload(file: File, endpoint: string): RunningUpload {
  const [state, setState] = useState<UploadState>({
    name: "uploading",
    sentBytes: 0,
    totalBytes: file.size,
    bytesPerSecond: null,
  });
  const handle = useRef<UploadHandle>(null);
  useEffect(() => {
    const upload = startUpload(file, endpoint, setState);
    handle.current = upload;
    return upload.leave;
  }, [file, endpoint]);
  return {
    state,
    pause: () => handle.current?.pause(),
    resume: () => handle.current?.resume(),
    cancel: () => handle.current?.cancel(),
    forget: () => handle.current?.forget(),
  };
}
